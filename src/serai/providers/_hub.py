"""The tasks of the hub, asked and read: through Hugging Face's router, or at a container that does one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import aiohttp

from serai.errors import ModelFailed, ModelNotFound, SeraiError, TimedOut, WrongTask
from serai.providers import _answer, _behind, _hub_answers, _hub_inputs, _lines, _plain, _request
from serai.providers._base import Request
from serai.providers._behind import HUB, Way
from serai.providers._compatible import Compatible
from serai.providers._mapping import Offer
from serai.tasks import media
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, Answerer, Call, Delta


def request(service: Compatible, call: Call, model: str, provider: str, offers: Sequence[Offer]) -> Request | None:
    """The request to the provider that was named, or to the first that takes such calls; where nobody knows who does,
    to Hugging Face's own. None for a text that the router itself may go on from. Raises ModelNotFound for a provider
    that does not have the model, and WrongTask where none does this with it."""
    able = [offer for offer in offers if offer.does(call.task) and provider in ("", offer.provider)]
    for offer in able:
        if offer.provider == HUB and known(call.task):
            return _own(service, call, model)
        way = _behind.way(offer.provider, call.task)
        if way is not None:
            return _other(service, call, offer, way)
    if call.task == TEXT_GENERATION:
        return None
    if not offers and provider in ("", HUB):
        return _own(service, call, model)
    raise _nobody(service.name, call, model, provider, offers)


def known(task: str) -> bool:
    """Whether it can be said in the hub's shapes."""
    return task == TEXT_GENERATION or task in _hub_inputs.SHAPES


def bare(service: Compatible, call: Call, path: str) -> Request:
    """A task in the hub's own shape, at a path."""
    if call.task == TEXT_GENERATION:
        return Request(path, _plain.body(service.name, call), reads=partial(_text, service))
    body, headers = _hub_inputs.sent(service.name, call)
    return Request(path, body, headers, partial(_read, service))


def _own(service: Compatible, call: Call, model: str) -> Request:
    several = f"/pipeline/{FEATURE_EXTRACTION}" if call.task == FEATURE_EXTRACTION else ""
    return bare(service, call, f"/{HUB}/models/{quote(model)}{several}")


def _other(service: Compatible, call: Call, offer: Offer, way: Way) -> Request:
    path = way.at(offer.provider, offer.model)
    if way.asks is None:
        return Request(path, _request.body(service.entry, service.name, call, offer.model))
    body = _behind.body(way, service.name, call, offer.model)
    return Request(path, body, way.headers, partial(_told, service, way))


def _nobody(service: str, call: Call, model: str, provider: str, offers: Sequence[Offer]) -> ModelNotFound | WrongTask:
    there = ", ".join(f"{offer.task} at {offer.provider}" for offer in offers)
    hint = f"{model} is there for: {there}." if there else "Leave the provider out."
    if provider and provider not in {offer.provider for offer in offers}:
        return ModelNotFound(f"{model}:{provider}", hint=hint, who=service)
    return WrongTask(f"Nobody that {service} can ask does {call.task} with {model}.", hint=hint, task=call.task)


async def _read(
    service: Compatible, call: Call, response: aiohttp.ClientResponse, who: Answerer
) -> AsyncGenerator[Delta, None]:
    if call.task in _hub_answers.FILES:
        yield _hub_answers.file(call.task, await service.content(response), response.content_type, who)
    elif call.task == FEATURE_EXTRACTION:
        yield _answer.vectors(await service.body(response), who)
    else:
        yield _hub_answers.answered(call.task, await service.body(response), who)


async def _text(
    service: Compatible, call: Call, response: aiohttp.ClientResponse, who: Answerer
) -> AsyncGenerator[Delta, None]:
    yield _plain.answered(call, _plain.body(service.name, call)["inputs"], await service.body(response), who)


async def _told(
    service: Compatible, way: Way, call: Call, response: aiohttp.ClientResponse, who: Answerer
) -> AsyncGenerator[Delta, None]:
    if way.reads is not None:
        yield way.reads(await service.body(response), who)
    elif way.lies is not None:
        yield _hub_answers.file(call.task, *await _fetched(service, call.task, way, await service.body(response)), who)
    else:
        yield _hub_answers.file(call.task, await service.content(response), response.content_type, who)


async def _fetched(service: Compatible, task: str, way: Way, answer: Any) -> tuple[bytes, str]:
    """The file that an answer names, and its kind. It lies wherever its maker keeps it, which is shown no key. Raises
    ModelFailed, and TimedOut where it is not made yet."""
    assert way.lies is not None
    if answer.get("error"):
        raise ModelFailed(f"{service.name} failed: {str(answer['error'])[:500]}", who=service.name)
    if answer.get("status") in ("starting", "processing"):
        hint = "The model may be starting; try again in a minute."
        raise TimedOut(f"{service.name} was not done within a minute.", who=service.name, hint=hint)
    url = way.lies(answer)
    if url.startswith("data:"):
        return media.unpack(url)
    kind = "audio/" if task == _behind.SPEECH else "image/"
    try:
        found = await service.config.outside.fetch(url, most=_lines.MOST, kinds=(kind, "application/octet-stream"))
    except SeraiError as error:
        text = f"What {service.name} made could not be fetched: {error.message}"
        raise ModelFailed(text, hint=error.hint or "Try again.", who=service.name) from error
    return found.content, found.kind
