"""/v1/images: pictures made from words, and from pictures."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import media as files
from serai.api import wishes
from serai.api.body import ignored as ignored_header
from serai.api.openai import answer, capable, forms, many
from serai.api.openai.fields import fault
from serai.api.openai.forms import Form
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import ModelFailed
from serai.tasks import media
from serai.tasks.families import family_of
from serai.types import Call, Result

routes = router(Scope.INFER, prefix="/v1/images", tag="openai", kind=Direct)

MAKING = "text-to-image"
CHANGING = "image-to-image"
MOST = 10

_KNOWN = ("prompt", "model", "n", "size", "response_format", "image", "mask", "output_format", "user")
_HOLDS: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "stream": ((False,), "A picture comes when it is done."),
    "partial_images": ((0,), "A picture comes when it is done."),
    "background": (("auto", "opaque"), "Pictures have no transparent background."),
    "output_format": (("png",), "Pictures are PNG files."),
    "markup": ((), "Put what is to be done into the prompt."),
    "svg": ((), "Pictures are made of points."),
}
"""Fields that would change the answer, what of them holds anyway, and why nothing else does."""

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")

_MAKE: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["prompt"], "properties": {name: {} for name in _KNOWN[:5]}},
            "example": {"prompt": "A caravan at night", "model": "auto", "size": "512x512"},
        }
    },
}
_CHANGE: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "properties": {
                    **{name: {"type": "string"} for name in _KNOWN[:5]},
                    **{name: {"type": "string", "format": "binary"} for name in ("image", "mask")},
                },
            }
        }
    },
}


@routes.post("/generations", response_class=Response, openapi_extra={"requestBody": _MAKE})
async def create_image(request: Request) -> Response:
    """Pictures of what a text says. The task's own settings, such as `seed`, go by their names."""
    body = {name: value for name, value in (await wishes.read(request)).items() if value is not None}
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise fault("prompt", "prompt must be a text that is not empty.")
    size = _size(body)
    settings = {**_own(MAKING, body), **({"width": size[0], "height": size[1]} if size else {})}
    return await _pictures(request, MAKING, body, {"inputs": prompt}, settings)


@routes.post("/edits", response_class=Response, openapi_extra={"requestBody": _CHANGE})
async def create_image_edit(request: Request) -> Response:
    """A picture changed as a text says; `mask` says where it may change."""
    form = await forms.read(request)
    if not form.one("prompt"):
        raise fault("prompt", "prompt is missing: say what is to be changed.")
    return await _changed(request, form)


@routes.post("/variations", response_class=Response, openapi_extra={"requestBody": _CHANGE})
async def create_image_variation(request: Request) -> Response:
    """Pictures like a picture."""
    return await _changed(request, await forms.read(request))


async def _changed(request: Request, form: Form) -> Response:
    body: dict[str, Any] = {name: form.one(name) for name in form.fields if form.one(name) is not None}
    for name in ("n", "seed", "num_inference_steps", "partial_images"):
        if name in body:
            body[name] = capable.number(name, body[name], int)
    if "guidance_scale" in body:
        body["guidance_scale"] = capable.number("guidance_scale", body["guidance_scale"], float)
    if "stream" in body:
        body["stream"] = capable.truth("stream", body["stream"])
    inputs = {"inputs": _file(form, "image")}
    if "mask" in form.files:
        inputs["mask"] = _file(form, "mask")
    size = _size(body)
    settings = {**_own(CHANGING, body), **({"target_size": {"width": size[0], "height": size[1]}} if size else {})}
    return await _pictures(request, CHANGING, body, inputs, settings)


async def _pictures(
    request: Request, task: str, body: Mapping[str, Any], inputs: Mapping[str, Any], settings: Mapping[str, Any]
) -> Response:
    for name, (values, reason) in _HOLDS.items():
        if name in body and body[name] not in values:
            raise fault(name, f"{name} cannot be honoured. {reason}")
    model, shape, count = body.get("model"), body.get("response_format", "b64_json"), body.get("n", 1)
    if not isinstance(model, str | None):
        raise fault("model", "model must be a model's name.")
    if shape not in ("b64_json", "url"):
        raise fault("response_format", "response_format must be b64_json or url.")
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise fault("n", f"n must be a whole number from 1 to {MOST}.")
    call = await capable.call(request, task, model, inputs, settings)
    results = await capable.run(request, many.repeated(call, count))
    ignored = [name for name in body if name not in (*_KNOWN, *_HOLDS, *settings)]
    return _told(call, results, shape, ignored_header(ignored))


def _told(call: Call, results: list[Result], shape: str, headers: dict[str, str]) -> Response:
    first = results[0]
    body = {
        "created": int(time.time()),
        "data": [_one(result, shape) for result in results],
        "output_format": "png",
        "serai": {**answer.extension(first.answerer, first.tried, first.usage), "seed": call.settings.get("seed")},
    }
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


def _one(result: Result, shape: str) -> dict[str, str]:
    """Serai keeps no pictures, so that an address holds all of one."""
    try:
        content, kind = media.unpack(result.data["image"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFailed("The model sent something that is no picture.") from error
    return {"url": media.pack(content, kind)} if shape == "url" else {"b64_json": base64.b64encode(content).decode()}


def _file(form: Form, name: str) -> str:
    upload = form.file(name)
    return files.packed(upload.content, upload.kind, "image", name)


def _own(task: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The task's own settings among the fields."""
    family = family_of(task)
    assert family is not None
    names = {setting.name for setting in family.settings}
    return {name: value for name, value in body.items() if name in names}


def _size(body: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height; None leaves them to the model. Raises BadRequest."""
    size = body.get("size", "auto")
    if size == "auto":
        return None
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None:
        raise fault("size", "size must be auto, or width and height such as 512x512.")
    return int(match[1]), int(match[2])
