"""From messages or a text to the tokens that the model reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from serai.engines._serving import messages
from serai.engines._serving.refused import Refused
from serai.engines._serving.renderer import Renderer
from serai.engines._serving.request import Request
from serai.engines._serving.vocabulary import PLAIN_CHAT, PLAIN_STOP, Vocabulary
from serai.tasks import infilling


@dataclass(frozen=True, slots=True)
class Prompt:
    """`thinking` says that it opens the model's reasoning; `stop` are texts at which the answer must end besides."""

    tokens: list[int]
    thinking: bool = False
    stop: tuple[str, ...] = ()

    def extend(self, request: Request) -> Request:
        """The request with what this prompt needs."""
        return replace(request, stop=request.stop + self.stop) if self.stop else request


class Sees(Protocol):
    """What an engine gives of a model that reads pictures."""

    def read(self, text: str, pictures: Sequence[bytes]) -> list[int]:
        """The tokens of a rendered prompt with its pictures, which are negative there: the same for the same pictures
        only. Raises Refused. Called from any thread."""
        ...


class Prompts:
    """Makes prompts for one model."""

    def __init__(self, vocabulary: Vocabulary, sees: Sees | None = None) -> None:
        self._vocabulary = vocabulary
        self._sees = sees
        self._stop = PLAIN_STOP if vocabulary.template == PLAIN_CHAT else ()
        self._chat = Renderer(vocabulary.template)
        differs = vocabulary.tool_template != vocabulary.template
        self._tools = Renderer(vocabulary.tool_template) if differs else self._chat

    async def start(self) -> None:
        await self._chat.start()

    async def close(self) -> None:
        await self._chat.stop()
        await self._tools.stop()

    async def chat(self, request: Request) -> Prompt:
        """The prompt of a chat. Raises Refused where the template does."""
        if request.pictures and self._sees is None:
            raise Refused("This model reads text only.")
        renderer = self._tools if request.tools else self._chat
        goes_on = bool(request.messages) and request.messages[-1].get("role") == "assistant"
        text = await renderer.render(
            {
                **self._vocabulary.specials,
                **request.variables,
                "messages": messages.in_parts(request.messages) if self._sees else list(request.messages),
                "tools": list(request.tools) or None,
                "documents": None,
                "add_generation_prompt": not goes_on,
            }
        )
        if goes_on:
            text = _up_to(text, messages.text_of(request.messages[-1]).strip())
        if self._sees is not None and request.pictures:
            tokens = await asyncio.to_thread(self._sees.read, text, request.pictures)
        else:
            tokens = await asyncio.to_thread(self._vocabulary.encode, text, special=self._vocabulary.plain)
        return Prompt(tokens, text.rstrip().endswith("<think>"), self._stop)

    async def text(self, request: Request) -> Prompt:
        """The prompt that goes on from a text or its tokens, or fills a gap. Raises Refused."""
        if not isinstance(request.prompt, str):
            if max(request.prompt, default=0) >= self._vocabulary.size:
                raise Refused(f"The prompt has tokens beyond the model's {self._vocabulary.size}.")
            tokens = list(request.prompt)
        else:
            tokens = await asyncio.to_thread(self._vocabulary.encode, self._whole(request), special=True)
        if not tokens:
            raise Refused("The prompt is empty.")
        return Prompt(tokens)

    def spell(self, token: int) -> str:
        """One token alone, special ones by their name."""
        return self._vocabulary.spell(token)

    def _whole(self, request: Request) -> str:
        assert isinstance(request.prompt, str)
        if request.suffix is None:
            return request.prompt
        holds = self._vocabulary.tokenizer.token_to_id
        marks = infilling.find(lambda text: holds(text) is not None)
        if marks is None:
            raise Refused("This model cannot fill a gap: it has no tokens for that. Leave suffix out.")
        return marks.prompt(request.prompt, request.suffix)


def _up_to(text: str, said: str) -> str:
    """The prompt without what the template puts after the last message, which the model is to go on with."""
    at = text.rfind(said)
    return text[: at + len(said)] if at >= 0 else text
