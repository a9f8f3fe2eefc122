"""Keeps what Serai has downloaded below a size: the least recently used models go first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from serai.errors import SeraiError


class QuotaFull(SeraiError):
    """No more may be downloaded, and nothing that is here may go."""

    status = 507
    code = "quota_full"
    who = "you"


@dataclass(frozen=True, slots=True)
class Held:
    """A downloaded model, its own bytes, when it was used last, and why it must stay, if it must."""

    name: str
    size: int
    used_at: float
    stays: str = ""


def victims(held: Collection[Held], needed: int, quota: int) -> list[str]:
    """Whom to delete so that `needed` more bytes stay within the quota. Pure. Raises QuotaFull with the numbers."""
    over = sum(model.size for model in held) + needed - quota
    going: list[str] = []
    for model in sorted(held, key=lambda model: model.used_at):
        if over <= 0:
            break
        if not model.stays:
            going.append(model.name)
            over -= model.size
    if over > 0:
        staying = ", ".join(f"{model.name} ({model.stays})" for model in held if model.stays)
        raise QuotaFull(
            f"The quota of {quota / 1e9:.1f} GB has no room for {needed / 1e9:.1f} GB more."
            + (f" These stay: {staying}." if staying else ""),
            hint="Raise hub.quota_gb, unpin or remove a model, then resume.",
            needed=needed,
            quota=quota,
        )
    return going


class Quota:
    """`limit` is in bytes, 0 is none; `held` tells what is here, `remove` deletes a model with its files."""

    def __init__(
        self,
        limit: Callable[[], int],
        held: Callable[[Collection[str]], Awaitable[list[Held]]],
        remove: Callable[[str], Awaitable[None]],
    ) -> None:
        self._limit = limit
        self._held = held
        self._remove = remove

    async def make_room(self, needed: int, downloading: Collection[str]) -> list[str]:
        """Deletes what must go for `needed` more bytes; its names. Raises QuotaFull, and then has deleted nothing."""
        quota = self._limit()
        if not quota:
            return []
        going = victims(await self._held(downloading), needed, quota)
        for name in going:
            await self._remove(name)
        return going
