"""What stands for a service that cannot be asked, and says why to whoever does. Nothing of them leaves this machine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

from serai.errors import KeyNeeded, SeraiError
from serai.providers import _models
from serai.providers.rows import Row
from serai.types import Call, Delta, Model


class Closed:
    """Knows only the models that its owner named; any other name that begins with its own is passed on, so that its
    asker hears why."""

    def __init__(self, row: Row, why: Callable[[], SeraiError]) -> None:
        self.name = row.name
        self.place = row.name
        self.at_once = None
        self._known = [_models.told(row.name, text) for text in row.models]
        self._why = why

    async def models(self) -> Sequence[Model]:
        return self._known

    async def find(self, name: str) -> Model | None:
        model = name.partition("/")[2]
        return _models.model(self.name, model, {}) if _models.named(model) else None

    async def run(self, _call: Call) -> AsyncGenerator[Delta, None]:
        raise self._why()
        yield Delta()  # never reached: it makes this a stream

    async def close(self) -> None:
        """It holds nothing."""


def key_needed(service: str) -> KeyNeeded:
    """Why a service is closed to somebody that takes only keys of one's own."""
    hint = f"Give it yours: in the page under Settings → Services, or `serai own-keys set {service}`."
    return KeyNeeded(f"{service} takes only a key of your own, and you have given none.", hint=hint, service=service)
