"""Lists as OpenAI gives them, page by page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serai.api.openai.fields import fault


def page(rows: Sequence[dict[str, Any]], after: str | None, limit: int) -> dict[str, Any]:
    """The rows that follow the one with the id `after`. Raises BadRequest where there is none."""
    start = 0
    if after is not None:
        ids = [row["id"] for row in rows]
        if after not in ids:
            raise fault("after", f"There is no {after[:80]!r} in this list.")
        start = ids.index(after) + 1
    found = list(rows[start : start + limit])
    return {
        "object": "list",
        "data": found,
        "first_id": found[0]["id"] if found else None,
        "last_id": found[-1]["id"] if found else None,
        "has_more": len(rows) > start + limit,
    }
