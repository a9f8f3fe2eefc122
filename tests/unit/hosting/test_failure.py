import signal

import pytest

from serai.hosting.failure import crashed, from_exit, how_it_ended, load_failed


def nothing(_lines: list[str]) -> None:
    return None


def test_every_cause_has_words_and_a_way_forward() -> None:
    for cause in ("missing", "not_gguf", "truncated", "unsupported", "out_of_memory", "timed_out", "crashed"):
        error = load_failed("m", cause, "detail")
        assert error.cause == cause and error.message.startswith("m") and error.hint
        assert error.message.endswith("(detail).")


def test_what_the_process_told_counts_first() -> None:
    error = from_exit("m", 1, {"failed": "out_of_memory", "message": "no"}, [], lambda lines: ("missing", "x"))
    assert error.cause == "out_of_memory"


def test_then_what_the_engine_reads_in_its_log() -> None:
    error = from_exit("m", 1, {}, ["a", "b"], lambda lines: ("truncated", lines[-1]))
    assert (error.cause, error.facts["log"]) == ("truncated", ["a", "b"])


def test_a_kill_while_loading_is_most_likely_the_want_of_memory() -> None:
    assert from_exit("m", -signal.SIGKILL, {}, [], nothing).cause == "out_of_memory"


@pytest.mark.parametrize(("code", "words"), [(3, "exit status 3"), (-11, "signal 11, SIGSEGV"), (-99, "signal 99")])
def test_any_other_end_is_a_crash_that_says_how(code: int, words: str) -> None:
    assert from_exit("m", code, {}, [], nothing).cause == "crashed"
    assert how_it_ended(code) == words


def test_a_crash_in_a_call_hints_at_memory_after_a_kill() -> None:
    assert "memory" in crashed("m", -signal.SIGKILL).hint
    assert "memory" not in crashed("m", -signal.SIGSEGV).hint
