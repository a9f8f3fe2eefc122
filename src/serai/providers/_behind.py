"""The providers behind Hugging Face's router: where each takes a task, and in whose words. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from serai.errors import BadRequest
from serai.providers import _answer, _hub_answers
from serai.tasks.families import family_of
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, Answerer, Call, Delta

HUB = "hf-inference"
IMAGE, SPEECH, HEARD = "text-to-image", "text-to-speech", "automatic-speech-recognition"


class Way(NamedTuple):
    """A path under the router, in which {model} is the provider's name for it. Without `asks` it speaks OpenAI's
    language; `reads` makes a Delta of the answer in JSON, `lies` finds the address of the file in it, and without
    either the answer is the file. `versioned` is the path for a model in one version, `headers` go along."""

    path: str
    asks: Callable[[dict[str, Any], dict[str, Any], str], dict[str, Any]] | None = None
    reads: Callable[[Any, Answerer], Delta] | None = None
    lies: Callable[[Any], str] | None = None
    versioned: str = ""
    headers: Mapping[str, str] = MappingProxyType({})

    def at(self, provider: str, model: str) -> str:
        path = self.versioned if self.versioned and ":" in model else self.path
        return f"/{provider}/{path.format(model=quote(model))}"


def body(way: Way, service: str, call: Call, model: str) -> dict[str, Any]:
    """What a provider is sent that has words of its own. Raises BadRequest for a setting that it does not have."""
    family = family_of(call.task)
    assert family is not None and way.asks is not None
    inputs, settings = family.check_inputs(call.task, call.inputs), family.check_settings(call.settings)
    asked = way.asks(inputs, settings, model)
    if settings:  # what nobody took
        text = f"{service} does not have these settings: {', '.join(sorted(settings))}."
        raise BadRequest(text, hint="Leave them out, or choose another provider.", field=min(settings))
    return asked


def way(provider: str, task: str) -> Way | None:
    """How a provider is asked for a task; None where that is not known."""
    return WAYS.get((provider, task))


def _vectors(inputs: dict[str, Any], _: dict[str, Any], model: str) -> dict[str, Any]:
    return {"model": model, "input": inputs["inputs"]}


def _taken(settings: dict[str, Any], **names: str) -> dict[str, Any]:
    return {there: settings.pop(here) for here, there in names.items() if here in settings}


def _together_picture(inputs: dict[str, Any], settings: dict[str, Any], model: str) -> dict[str, Any]:
    same = {name: name for name in ("width", "height", "seed", "negative_prompt", "guidance_scale")}
    more = _taken(settings, num_inference_steps="steps", **same)
    return {"prompt": inputs["inputs"], "response_format": "base64", **more, "model": model}


def _nscale_picture(inputs: dict[str, Any], settings: dict[str, Any], model: str) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if "width" in settings and "height" in settings:
        more["size"] = f"{settings.pop('width')}x{settings.pop('height')}"
    return {"response_format": "b64_json", "prompt": inputs["inputs"], "model": model, **more}


def _fal_picture(inputs: dict[str, Any], settings: dict[str, Any], _: str) -> dict[str, Any]:
    same = {name: name for name in ("seed", "negative_prompt", "guidance_scale", "num_inference_steps")}
    more = _taken(settings, **same)
    if "width" in settings and "height" in settings:
        more["image_size"] = _taken(settings, width="width", height="height")
    return {"prompt": inputs["inputs"], "sync_mode": True, **more}


def _fal_spoken(inputs: dict[str, Any], settings: dict[str, Any], _: str) -> dict[str, Any]:
    return {"text": inputs["inputs"], **_taken(settings, voice="voice", speed="speed")}


def _replicate_picture(inputs: dict[str, Any], settings: dict[str, Any], model: str) -> dict[str, Any]:
    same = ("width", "height", "seed", "negative_prompt", "guidance_scale", "num_inference_steps")
    return _predicted({"prompt": inputs["inputs"], **_taken(settings, **{name: name for name in same})}, model)


def _replicate_spoken(inputs: dict[str, Any], settings: dict[str, Any], model: str) -> dict[str, Any]:
    return _predicted({"text": inputs["inputs"], **_taken(settings, voice="voice", speed="speed")}, model)


def _predicted(asked: dict[str, Any], model: str) -> dict[str, Any]:
    version = model.partition(":")[2]
    return {"input": asked, **({"version": version} if version else {})}


def _fal_heard(inputs: dict[str, Any], settings: dict[str, Any], _: str) -> dict[str, Any]:
    return {"audio_url": inputs["inputs"], **_taken(settings, language="language")}


def _spoken(inputs: dict[str, Any], settings: dict[str, Any], model: str) -> dict[str, Any]:
    more = _taken(settings, voice="voice", speed="speed", format="response_format")
    return {"input": inputs["inputs"], **more, "model": model}


def _embedded(answer: Any, who: Answerer) -> Delta:
    return _answer.whole(FEATURE_EXTRACTION, answer, who)


def _in_base64(answer: Any, who: Answerer) -> Delta:
    return _hub_answers.file(IMAGE, base64.b64decode(answer["data"][0]["b64_json"], validate=True), "", who)


def _fal_drawn(answer: Any) -> str:
    return str(answer["images"][0]["url"])


def _fal_said(answer: Any) -> str:
    return str(answer["audio"]["url"])


def _replicate_made(answer: Any) -> str:
    found = answer["output"][0] if isinstance(answer["output"], list) else answer["output"]
    return str(found)


def _prediction(asks: Callable[[dict[str, Any], dict[str, Any], str], dict[str, Any]]) -> Way:
    path, versioned = "v1/models/{model}/predictions", "v1/predictions"
    return Way(path, asks, lies=_replicate_made, versioned=versioned, headers={"prefer": "wait"})


def _written_down(answer: Any, who: Answerer) -> Delta:
    return _hub_answers.answered(HEARD, answer, who)


WAYS: Mapping[tuple[str, str], Way] = {
    ("together", TEXT_GENERATION): Way("v1/completions"),
    ("featherless-ai", TEXT_GENERATION): Way("v1/completions"),
    ("novita", TEXT_GENERATION): Way("v3/openai/completions"),
    ("deepinfra", TEXT_GENERATION): Way("v1/openai/completions"),
    ("together", FEATURE_EXTRACTION): Way("v1/embeddings", _vectors, _embedded),
    ("scaleway", FEATURE_EXTRACTION): Way("v1/embeddings", _vectors, _embedded),
    ("deepinfra", FEATURE_EXTRACTION): Way("v1/openai/embeddings", _vectors, _embedded),
    ("together", IMAGE): Way("v1/images/generations", _together_picture, _in_base64),
    ("nscale", IMAGE): Way("v1/images/generations", _nscale_picture, _in_base64),
    ("fal-ai", IMAGE): Way("{model}", _fal_picture, lies=_fal_drawn),
    ("fal-ai", SPEECH): Way("{model}", _fal_spoken, lies=_fal_said),
    ("fal-ai", HEARD): Way("{model}", _fal_heard, _written_down),
    ("replicate", IMAGE): _prediction(_replicate_picture),
    ("replicate", SPEECH): _prediction(_replicate_spoken),
    ("together", SPEECH): Way("v1/audio/speech", _spoken),
    ("deepinfra", SPEECH): Way("v1/openai/audio/speech", _spoken),
}
