"""A task asked at a model's own address: the body becomes calls, the results become the task's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from serai.api import wishes
from serai.api.body import fault, object_of
from serai.api.body import parse as parse_json
from serai.api.huggingface import media, reading
from serai.api.huggingface.asked import Asked
from serai.api.huggingface.reading import Body
from serai.api.huggingface.shapes import SHAPES, File, Shape
from serai.errors import ModelFailed
from serai.types import Result

_FIELDS = ("inputs", "parameters", "options", "table", "question", "image", "stream", "model")


async def answer(asked: Asked, task: str) -> Response:
    """Answers a task whose shape is known."""
    shape = SHAPES[task]
    content = await asked.request.body()
    kind_said = asked.request.headers.get("content-type", "")
    root, whole = media.body_of(content, kind_said, shape.media) if shape.media else (parse_json(content), False)
    wishes.heard(asked.request, root)
    await asked.take(root.get("options"))
    if root.get("stream"):
        raise fault("stream", f"{task} is answered in one piece: leave stream out.")
    asked.ignored += [name for name in root if name not in _FIELDS]
    parameters = dict(object_of("parameters", root.get("parameters")))
    body = Body(root if whole else await _with_files(asked, shape, root), parameters)
    results, several = await _results(asked, task, shape, body)
    try:
        answers = [shape.writes(result, body) for result in results]
    except (KeyError, TypeError, IndexError) as error:
        raise ModelFailed("The model sent something that is no answer to this task.") from error
    return _response(asked, shape.joins(answers) if several else answers[0], results)


async def _results(asked: Asked, task: str, shape: Shape, body: Body) -> tuple[list[Result], bool]:
    several = shape.several and isinstance(body.inputs, list)
    each = reading.one_of_several(body.inputs) if several else [body.inputs]
    bodies = [Body({**body.root, "inputs": one}, dict(body.parameters)) for one in each]
    inputs = [shape.reads(one) for one in bodies]
    body.parameters.clear()
    body.parameters.update(bodies[0].parameters)  # without what has become inputs
    settings, unknown = reading.parameters_of(task, body.parameters)
    asked.ignored += unknown
    return await asked.run(*(asked.call(task, one, settings) for one in inputs)), several


async def _with_files(asked: Asked, shape: Shape, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body with its file as a data: address, wherever the task has it."""
    if not shape.media:
        return root
    inputs, outside = root.get("inputs"), asked.services.outside
    if isinstance(inputs, dict):
        read = await media.read(inputs.get("image"), shape.media, "inputs.image", outside)
        return {**root, "inputs": {**inputs, "image": read}}
    return {**root, "inputs": await media.read(inputs, shape.media, "inputs", outside)}


def _response(asked: Asked, told: Any, results: list[Result]) -> Response:
    headers = asked.headers(results)
    if isinstance(told, File):
        return Response(told.content, media_type=told.kind, headers=headers)
    return Response(orjson.dumps(told), media_type="application/json", headers=headers)
