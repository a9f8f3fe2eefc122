"""Batches: the rows of a file or a data set, answered by a job."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import IO, Any

from serai.endpoints._request import NATIVE, Json, Request, as_it_is, given, pick, segment


def batch_file(name: str, content: bytes | IO[bytes] | AsyncIterable[bytes]) -> Request[Json]:
    """Sends a file of rows; `{id, name, size, created_at}`. The end of its name says what it is."""
    path = f"{NATIVE}/batches/files"
    return Request("POST", path, dict, params={"name": name}, content=content, slow=True)


def create_batch(*, file: str | None = None, data_set: str | None = None, **wishes: Any) -> Request[Json]:
    """Begins to answer every row of a file that was sent, or of a data set in the store, and returns the job. Wishes
    are `model`, `task`, `column`, `template`, `settings`, `cache`, `at_once`, `limit`, `format`, `mark` and `files`."""
    return Request("POST", f"{NATIVE}/batches", dict, given(file=file, data_set=data_set, **wishes), slow=True)


def batches() -> Request[list[Json]]:
    """Your batches, the newest first, each as its job."""
    return Request("GET", f"{NATIVE}/batches", pick("jobs"))


def batch(batch_id: str) -> Request[Json]:
    """How far a batch is."""
    return Request("GET", f"{NATIVE}/batches/{segment(batch_id)}", dict)


def steer_batch(batch_id: str, action: str) -> Request[Json]:
    """Lets it `pause`, `resume` or `cancel`; what was answered is kept."""
    return Request("POST", f"{NATIVE}/batches/{segment(batch_id)}/{segment(action)}", dict)


def batch_output(batch_id: str, *, whole: bool = False) -> Request[Any]:
    """The answers, as far as they are there; with `whole` only when all are."""
    params = {"whole": "true"} if whole else {}
    return Request("GET", f"{NATIVE}/batches/{segment(batch_id)}/output", as_it_is, params=params, slow=True)
