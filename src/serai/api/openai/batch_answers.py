"""The lines of a batch, answered as the endpoint that they name would answer them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from serai.api import envelopes, errors, wishes
from serai.api.openai import answer, completion_answer, completion_request, embeddings, many, pictures
from serai.api.openai import request as requests
from serai.api.openai.fields import fault
from serai.api.openai.responses import request as response_request
from serai.api.openai.responses.answering import Answering
from serai.backend import collect, whole
from serai.batches.work import Answered
from serai.errors import Busy, SeraiError, Unauthenticated
from serai.types import Call, Delta, Principal, Wishes

if TYPE_CHECKING:
    from serai.services import Services

Body = dict[str, Any]


async def answered(services: Services, endpoint: str, body: Body, who: Principal) -> Answered:
    """The answer to one line, or the error with its status. Busy asks to try again. The limits of whoever
    asks are those that hold now."""
    try:
        asker = await services.gate.principal(who.id)
        if asker is None:
            raise Unauthenticated("The API key of this batch is not valid any more.")
        if body.get("stream"):
            raise fault("stream", "stream cannot be honoured: a batch is answered whole.")
        body = dict(body)  # it may be asked for again, with all its wishes
        wished = wishes.wishes(wishes.taken(body), priority="low", dialect="openai")
        return Answered(200, await _ENDPOINTS[endpoint](partial(_run, services, wished), services, body, asker))
    except ValidationError as error:
        return _refused(errors.invalid([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]))
    except Exception as error:
        return _refused(errors.understood(error))


def _run(services: Services, wished: Wishes, call: Call) -> AsyncGenerator[Delta, None]:
    call.wishes = wished
    return services.router.run(call)


def _refused(error: SeraiError) -> Answered:
    status = 400 if error.status == 422 else error.status
    again = float(error.retry_after) if isinstance(error, Busy) else None
    return Answered(status, envelopes.openai(error, ""), again)


async def _chat(run: wishes.Run, services: Services, body: Body, who: Principal) -> Body:
    asked = requests.chat(body, who)
    asked = asked.of(await pictures.fetched(asked.call.inputs, services.outside))
    return answer.completion(asked.call, await many.together([whole(run, call) for call in asked.calls]))


async def _completion(run: wishes.Run, _services: Services, body: Body, who: Principal) -> Body:
    asked = completion_request.read(body, who)
    results = await many.together([whole(run, call) for call in asked.calls])
    return completion_answer.whole(asked, results)


async def _embeddings(run: wishes.Run, _services: Services, body: Body, who: Principal) -> Body:
    asked = embeddings.Embed.model_validate(body)
    return embeddings.shape(asked, await collect(run(embeddings.call(asked, who))))


async def _response(run: wishes.Run, services: Services, body: Body, who: Principal) -> Body:
    asked = response_request.read(body, who)
    asked = asked.after(await services.responses.chain(who.id, asked.previous) if asked.previous else [])
    asked = asked.of(await pictures.fetched(asked.call.inputs, services.outside))
    return await Answering(asked, run(asked.call), services.responses).whole()


_ENDPOINTS: Mapping[str, Callable[[wishes.Run, Services, Body, Principal], Awaitable[Body]]] = {
    "/v1/chat/completions": _chat,
    "/v1/completions": _completion,
    "/v1/embeddings": _embeddings,
    "/v1/responses": _response,
}
ENDPOINTS = tuple(_ENDPOINTS)
