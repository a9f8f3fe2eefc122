"""Pictures and sound as Hugging Face's clients send them: the file itself as body, or in JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from serai.api.body import fault
from serai.api.media import KINDS, WORDS, packed
from serai.errors import BadRequest, SeraiError
from serai.hosting.pictures import LARGEST
from serai.outside import Fetched
from serai.tasks import media


class Outside(Protocol):
    """What is needed of `serai.outside.Outside`."""

    async def fetch(self, url: str, *, most: int, kinds: Sequence[str]) -> Fetched: ...


def body_of(content: bytes, content_type: str, wanted: str) -> tuple[dict[str, Any], bool]:
    """The request's body as an object, with a file that is the whole body under `inputs`, and whether it is such a one.
    Raises BadRequest."""
    kind = content_type.partition(";")[0].strip().lower()
    if content[:1] == b"{" or (kind == "application/json" and not media.kind_of(content)):
        try:
            parsed = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
        if not isinstance(parsed, dict):
            raise BadRequest("The body must be a JSON object, or the file itself.")
        return parsed, False
    if not content:
        raise fault("inputs", f"The body is empty: send {WORDS[wanted]}.")
    return {"inputs": packed(content, kind, wanted, "inputs")}, True


async def read(given: Any, wanted: str, place: str, outside: Outside) -> str:
    """A file inside JSON as a data: address: in base64, as a data: address, or fetched from where it lies. Raises
    BadRequest, or what `outside` raises, with the place as `param`."""
    if not isinstance(given, str) or not given:
        raise fault(place, f"{place} must be {WORDS[wanted]}, in base64.")
    if given.startswith(("http://", "https://")):
        try:
            found = await outside.fetch(given, most=LARGEST, kinds=KINDS[wanted])
        except SeraiError as error:
            error.facts.setdefault("param", place)
            raise
        return packed(found.content, found.kind, wanted, place)
    try:
        if given.startswith("data:"):
            content, said = media.unpack(given)
        else:
            content, said = base64.b64decode("".join(given.split()), validate=True), ""
    except (ValueError, binascii.Error):
        raise fault(place, f"{place} must be {WORDS[wanted]}, in base64.") from None
    return packed(content, said, wanted, place)
