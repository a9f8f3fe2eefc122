from serai.errors import BadRequest, Busy, ModelFailed
from serai.routing.breaker import Breakers

FAILED = ModelFailed("It broke.")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(failures: int = 2, pause_s: float = 10.0) -> tuple[Breakers, Clock]:
    clock = Clock()
    return Breakers(lambda: failures, lambda: pause_s, clock), clock


def ask(breakers: Breakers, error: BaseException | None) -> bool:
    """Whether a call was let through; it ends with the error."""
    if breakers.closed("far", "m") is not None:
        return False
    breakers.enter("far", "m")
    breakers.leave("far", "m", error)
    return True


def test_it_opens_after_so_many_failures_in_a_row_and_says_why() -> None:
    breakers, _ = make()
    assert ask(breakers, FAILED) and ask(breakers, FAILED) and not ask(breakers, None)
    busy = breakers.closed("far", "m")
    assert busy is not None and busy.retry_after == 10
    assert busy.message == "far is left alone for 10 s, because it failed 2 times in a row: It broke."


def test_a_success_between_counts_anew() -> None:
    breakers, _ = make()
    for error in (FAILED, None, FAILED, None):
        assert ask(breakers, error)
    assert breakers.closed("far", "m") is None


def test_after_the_pause_one_call_alone_is_let_through_to_see() -> None:
    breakers, clock = make()
    ask(breakers, FAILED), ask(breakers, FAILED)
    clock.now = 10.0
    breakers.enter("far", "m")
    assert breakers.closed("far", "m") is not None
    breakers.leave("far", "m", None)
    assert breakers.closed("far", "m") is None


def test_each_time_it_fails_again_the_pause_is_twice_as_long() -> None:
    breakers, clock = make()
    ask(breakers, FAILED), ask(breakers, FAILED)
    for pause in (20, 40, 80, 160, 300, 300):
        clock.now += 1000
        assert ask(breakers, FAILED)
        busy = breakers.closed("far", "m")
        assert busy is not None and busy.retry_after == pause


def test_a_probe_that_was_given_up_lets_the_next_one_see() -> None:
    breakers, clock = make()
    ask(breakers, FAILED), ask(breakers, FAILED)
    clock.now = 10.0
    assert ask(breakers, BadRequest("No.")) and ask(breakers, None)


def test_a_service_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    breakers, clock = make()
    assert ask(breakers, Busy("Enough.", retry_after=30))
    clock.now = 29.0
    assert not ask(breakers, None)
    clock.now = 30.0
    assert ask(breakers, None)


def test_other_models_of_the_service_go_on() -> None:
    breakers, _ = make()
    ask(breakers, FAILED), ask(breakers, FAILED)
    assert breakers.closed("far", "other") is None and breakers.closed("near", "m") is None


def test_what_the_asker_got_wrong_is_no_failure_of_the_service() -> None:
    breakers, _ = make(failures=1)
    assert ask(breakers, BadRequest("No.")) and ask(breakers, None)
