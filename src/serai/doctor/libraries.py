"""Whether the libraries of the system are here that the engines are linked to."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from serai import libraries
from serai.doctor.finding import Finding
from serai.wording import say

if TYPE_CHECKING:
    from serai.services import Services

_LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"


async def system(_: Services) -> Finding:
    """Each is loaded as an engine would, in a process of its own."""
    needed = libraries.NEEDED.get(sys.platform, ())
    gone = [name for name, here in zip(needed, await asyncio.gather(*map(_is_here, needed)), strict=True) if not here]
    if gone:
        text = say(
            "The system's {names} cannot be loaded, which llama.cpp and ONNX Runtime need.", names=", ".join(gone)
        )
        return Finding("failed", text, libraries.mend(gone[0]))
    if not needed:
        return Finding("ok", say("The engines need no library of this system."))
    return Finding("ok", say("The system's libraries are here: {names}.", names=", ".join(needed)))


async def _is_here(library: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _LOAD, library,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return await process.wait() == 0
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
