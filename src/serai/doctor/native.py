"""Whether llama.cpp runs as fast here as it could."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serai import machine
from serai.doctor.finding import Finding
from serai.hosting import native
from serai.wording import say

if TYPE_CHECKING:
    from serai.services import Services

_FASTER = frozenset({"avx512", "avx512-vnni", "avx512-bf16", "avx-vnni", "amx"})


def idle_features() -> list[str]:
    """What speeds models up on this processor, and what only a native build uses."""
    return sorted(_FASTER & set(machine.cpu()["features"]))


def server(services: Services) -> Finding:
    """The wheel is built for every processor with AVX2; what this one has beyond, only a native build uses."""
    used = next(one for one in native.servers(services.home, services.settings.models.llama_server) if one.in_use)
    if used.kind != "wheel":
        return Finding("ok", say("llama.cpp is a native build ({name}).", name=used.name))
    if unused := idle_features():
        text = say(
            "llama.cpp does not use this processor's {features}: many answers at once could be twice as fast.",
            features=", ".join(unused),
        )
        return Finding("warning", text, say("`serai engine build` makes a native one."))
    return Finding("ok", say("llama.cpp is the one that came with Serai."))
