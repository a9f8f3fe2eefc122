"""What is under way: long work as jobs, and calls that models are answering."""

from __future__ import annotations

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment


def jobs() -> Request[list[Json]]:
    """Long work: downloads and the like, with its progress."""
    return Request("GET", f"{NATIVE}/jobs", pick("jobs"))


def job(job_id: str) -> Request[Json]:
    """One job."""
    return Request("GET", f"{NATIVE}/jobs/{segment(job_id)}", dict)


def pause(job_id: str) -> Request[Json]:
    """Pauses a job; what it has done is kept."""
    return Request("POST", f"{NATIVE}/jobs/{segment(job_id)}/pause", dict)


def resume(job_id: str) -> Request[Json]:
    """Goes on with a paused or failed job."""
    return Request("POST", f"{NATIVE}/jobs/{segment(job_id)}/resume", dict)


def cancel(job_id: str) -> Request[Json]:
    """Ends a job for good."""
    return Request("POST", f"{NATIVE}/jobs/{segment(job_id)}/cancel", dict)


def prioritise(job_id: str, priority: int) -> Request[Json]:
    """Changes what comes first; jobs have 0 unless told otherwise."""
    return Request("PATCH", f"{NATIVE}/jobs/{segment(job_id)}", dict, {"priority": priority})


def forget_job(job_id: str) -> Request[None]:
    """Takes a job that has ended off the list."""
    return Request("DELETE", f"{NATIVE}/jobs/{segment(job_id)}", nothing)


def clear_jobs(kind: str | None = None) -> Request[Json]:
    """Takes all jobs off the list that are done or cancelled, or those of a kind; `{removed}` by id."""
    return Request("DELETE", f"{NATIVE}/jobs", dict, params=given(kind=kind))


def calls() -> Request[list[Json]]:
    """The calls that models are answering now."""
    return Request("GET", f"{NATIVE}/calls", pick("calls"))


def cancel_call(call_id: str) -> Request[None]:
    """Ends a call, whoever made it."""
    return Request("DELETE", f"{NATIVE}/calls/{segment(call_id)}", nothing)
