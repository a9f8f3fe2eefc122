"""What a sound file says of itself. Pure."""

from __future__ import annotations

_RATES = (44_100, 48_000, 32_000)


def sampling_rate(content: bytes) -> int | None:
    """How many samples a second has; None where the file's beginning does not say it in a way known here."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE" and len(content) >= 28:
        return int.from_bytes(content[24:28], "little")
    return _mpeg(content)


def _mpeg(content: bytes) -> int | None:
    """Of an MP3, by its first frame, which comes after a tag of ten bytes and as many more as it says."""
    at = 0
    if content[:3] == b"ID3" and len(content) >= 10:
        size = content[6:10]
        at = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    head = content[at : at + 3]
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or (head[2] >> 2) & 3 == 3:
        return None
    halved = {3: 0, 2: 1, 0: 2}.get((head[1] >> 3) & 3)
    return None if halved is None else _RATES[(head[2] >> 2) & 3] >> halved
