"""Files that come with a request, as calls hold them."""

from __future__ import annotations

from serai.api.body import fault
from serai.tasks import media

WORDS = {"image": "a picture", "audio": "a recording"}
KINDS = {"image": ("image/",), "audio": ("audio/", "video/")}

_SEEN = {kind for kind in media.KNOWN if kind.startswith("image/")}
"""Pictures that all begin alike: one that does not is none of them."""


def packed(content: bytes, said: str, wanted: str, place: str) -> str:
    """The file as a data: address. What it begins with counts for more than what is said of it. Raises BadRequest."""
    kind = media.kind_of(content) or ("" if said in _SEEN else said)
    if not kind.startswith(KINDS[wanted]):
        known = f"it looks like {kind}" if kind.startswith(("image/", "audio/", "video/")) else "its kind is not known"
        hint = f"Send {WORDS[wanted]}, or name its kind: `Content-Type: {KINDS[wanted][0]}…`."
        raise fault(place, f"{place} is not {WORDS[wanted]}: {known}.", hint)
    return media.pack(content, kind)
