"""Routes and fallback through the router: who is asked, in which order, and what is told of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.scripted import ScriptedBackend
from tests.fakes.scripted import Step as Word
from tests.unit.routing.test_router import Recorder, chat

from serai.backend import Backend, collect
from serai.errors import BadRequest, Busy, Forbidden, ModelFailed, NoneFits, TimedOut, Unreachable
from serai.routing import retry
from serai.routing.route import Route, Step, When
from serai.routing.router import Router
from serai.settings import Settings
from serai.types import CHAT, LOCAL, Delta, Limits, Model, Principal, Usage, Wishes

HERE = Model(name="here", task="text-generation", context_length=4096, tools=False)
BOUND = Principal("key_1", "bound", limits=Limits(places=(LOCAL,)))
FAILED = ModelFailed("It broke.")


class Prices:
    """Money by a table; what is not in it has no price."""

    def __init__(self, **prices: float) -> None:
        self.prices = {"here": 0.0, **prices}

    async def hold(self, _call: Any, _model: Any) -> Any:
        return self

    def settle(self, usage: Usage, _took_s: float = 0.0) -> float | None:
        return usage.cost

    def estimate(self, _call: Any, model: Model) -> float | None:
        return self.prices.get(model.place if model.place != LOCAL else model.name)


def service(name: str, *script: Word, **facts: Any) -> ScriptedBackend:
    model = Model(name=f"{name}/m", task="text-generation", place=name, source="service", **facts)
    return ScriptedBackend([model], script or (f"I am {name}",), name)


def make(*services: ScriptedBackend, here: ScriptedBackend | None = None, **more: Any) -> Router:
    async def far(_who: str) -> Sequence[Backend]:
        return services

    routes = {route.name: route for route in more.pop("routes", ())}
    near = here or ScriptedBackend([HERE], ("I am here",), "engine")

    async def find(name: str) -> Route | None:
        return routes.get(name or "auto")

    return Router([near], Recorder(), [], Settings, services=far, route=find, **more)


def route(*models: str | Step, **more: Any) -> Route:
    steps = tuple(Step(model=one) if isinstance(one, str) else one for one in models)
    return Route(name="best", steps=steps, **more)


async def text(router: Router, model: str = "best", **more: Any) -> str:
    return (await collect(router.run(chat(model, **more)))).text


async def test_the_next_one_answers_and_it_is_told_why() -> None:
    router = make(service("a", FAILED), service("b"), routes=[route("a/m", "b/m", "here")])
    result = await collect(router.run(chat("best")))
    assert (result.text, result.answerer.model, result.answerer.backend) == ("I am b", "b/m", "b")
    assert [(one.backend, one.model, one.code, one.tried) for one in result.tried] == [
        ("a", "a/m", "model_failed", True)
    ]
    assert result.answerer.why == "It is a step of the route best."


async def test_a_call_may_name_who_stands_in() -> None:
    router = make(service("a", FAILED))
    assert await text(router, "a/m", wishes=Wishes(fallback=("here",))) == "I am here"
    assert await text(router, "gone/m", wishes=Wishes(fallback=("gone/n", "here"))) == "I am here"


async def test_where_all_fail_the_last_error_says_what_the_others_did() -> None:
    router = make(service("a", Unreachable("a is away.")), service("b", FAILED), routes=[route("a/m", "b/m")])
    with pytest.raises(ModelFailed) as caught:
        await text(router)
    told = [(one["backend"], one["code"]) for one in caught.value.facts["tried"]]
    assert told == [("a", "unreachable"), ("b", "model_failed")]


async def test_after_the_first_token_a_failure_is_an_honest_error() -> None:
    router = make(service("a", "Half", FAILED), service("b"), routes=[route("a/m", "b/m")])
    stream = router.run(chat("best"))
    assert (await anext(stream)).text == "Half"
    with pytest.raises(ModelFailed):
        await anext(stream)


async def test_what_is_wrong_in_itself_goes_nowhere_else() -> None:
    second = service("b")
    router = make(service("a", BadRequest("No.")), second, routes=[route("a/m", "b/m")])
    with pytest.raises(BadRequest):
        await text(router)
    assert second.calls == []


async def test_a_route_takes_only_the_steps_whose_conditions_hold() -> None:
    tools = Step(model="a/m", when=When(tools=True))
    router = make(service("a"), routes=[route(tools, "here")])
    result = await collect(router.run(chat("best")))
    assert result.text == "I am here"
    assert [(one.code, one.tried) for one in result.tried] == [("condition", False)]


async def test_a_model_that_cannot_is_left_out() -> None:
    router = make(service("a"), routes=[route("here", "a/m")])
    call = chat("best")
    call.inputs = {**call.inputs, "tools": [{"type": "function", "function": {"name": "f"}}]}
    result = await collect(router.run(call))
    assert (result.text, result.tried[0].code) == ("I am a", "tools")


async def test_a_prompt_that_is_surely_too_long_is_not_even_tried() -> None:
    router = make(service("a", context_length=1_000_000), routes=[route("here", "a/m")])
    call = chat("best")
    call.inputs = {"messages": [{"role": "user", "content": "word " * 20_000}]}
    result = await collect(router.run(call))
    assert (result.text, result.tried[0].code) == ("I am a", "context")


async def test_where_none_fits_every_reason_is_told() -> None:
    router = make(routes=[route(Step(model="here", when=When(prompt_min=1000)))])
    with pytest.raises(NoneFits, match="at least 1,000 tokens") as caught:
        await text(router)
    assert caught.value.facts["tried"][0]["code"] == "condition"


async def test_the_cheapest_comes_first_and_an_unknown_price_last() -> None:
    router = make(
        service("a"), service("b"), service("c"), money=Prices(a=0.2, b=0.1), routes=[route("c/m", "a/m", "b/m")]
    )
    plan = await router.plan(chat("best", wishes=Wishes(prefer="cheapest")))
    assert [one.model.name for one in plan.steps] == ["b/m", "a/m", "c/m"]
    assert (
        plan.steps[0].why == "It costs at most $0.100000 for 1,000 tokens."
        and plan.steps[2].why == "Its price is not known."
    )


async def test_what_may_cost_too_much_is_left_out() -> None:
    router = make(service("a"), service("b"), money=Prices(a=0.2), routes=[route("a/m", "b/m", "here")])
    plan = await router.plan(chat("best", wishes=Wishes(max_cost=0.1)))
    assert [one.model.name for one in plan.steps] == ["here"]
    assert [one.reason for one in plan.left_out] == [
        "It may cost up to $0.200000; at most $0.1 is wished.",
        "What it costs is not known.",
    ]


async def test_the_fastest_is_the_one_that_was_measured_so() -> None:
    router = make(service("a"), service("b"), routes=[route("a/m", "b/m", strategy="fastest")])
    router.care.speeds.note("a", "a/m", Usage(first_token_s=2.0, tokens_per_second=10.0))
    router.care.speeds.note("b", "b/m", Usage(first_token_s=0.1, tokens_per_second=100.0))
    assert await text(router) == "I am b"


async def test_weights_share_the_calls_out_and_zero_only_stands_in() -> None:
    steps = [Step(model="a/m", weight=3), Step(model="b/m", weight=1), Step(model="here", weight=0)]
    router = make(service("a"), service("b"), routes=[route(*steps, strategy="balance")])
    plans = [await router.plan(chat("best")) for _ in range(800)]
    first = [plan.steps[0].model.name for plan in plans]
    assert 500 < first.count("a/m") < 700 and first.count("here") == 0
    assert all(plan.steps[2].model.name == "here" for plan in plans)


@pytest.mark.parametrize(("prefer", "name"), [("local", "here"), ("remote", "a/m")])
async def test_a_preference_of_the_call_goes_before_the_route_s(prefer: Any, name: str) -> None:
    router = make(service("a"), routes=[route("a/m", "here", "a/m")])
    assert (await collect(router.run(chat("best", wishes=Wishes(prefer=prefer))))).answerer.model == name


async def test_auto_reaches_a_service_only_where_the_call_wishes_it() -> None:
    router = make(service("a"))
    assert await text(router, "auto") == "I am here"
    assert await text(router, "auto", wishes=Wishes(prefer="remote")) == "I am a"
    assert await text(router, "auto", wishes=Wishes(prefer="remote", private=True)) == "I am here"


async def test_an_owner_may_say_what_auto_is() -> None:
    router = make(service("a"), routes=[Route(name="auto", steps=(Step(model="a/m"), Step(model="here")))])
    assert await text(router, "auto") == await text(router, "") == "I am a"


@pytest.mark.parametrize("wishes", [{"private": True}, {}])
async def test_who_is_bound_to_this_machine_reaches_no_service_whatever_a_route_or_a_wish_says(
    wishes: dict[str, Any],
) -> None:
    far, other = service("a"), service("b")
    principal = BOUND if not wishes else Principal("owner", "owner")
    for private in (False, True):
        for strategy in ("order", "remote", "cheapest", "fastest", "balance"):
            router = make(far, other, routes=[route("a/m", "b/m", strategy=strategy, private=private)])
            for name in ("best", "a/m", "auto"):
                for prefer in (None, "remote", "cheapest", "fastest"):
                    wished = Wishes(fallback=("b/m", "best"), prefer=prefer, hedge_s=0.001, **wishes)  # type: ignore[arg-type]
                    with pytest.raises((Forbidden, NoneFits)) if name != "auto" else _nothing():
                        await text(router, name, principal=principal, wishes=wished)
    assert far.calls == other.calls == []


class _nothing:  # noqa: N801 - reads as a word
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


async def test_a_service_that_keeps_failing_is_left_out_while_another_can() -> None:
    failing = service("a", FAILED)
    router = make(failing, routes=[route("a/m", "here")])
    for _ in range(7):
        assert await text(router) == "I am here"
    assert len(failing.calls) == 5
    plan = await router.plan(chat("best"))
    assert [(one.model, one.code) for one in plan.left_out] == [("a/m", "resting")]


async def test_alone_it_is_tried_again_and_a_broken_connection_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "wait_s", lambda *_: 0.0)
    refusing, breaking = service("a", Busy("Full.", retry_after=0)), service("b", FAILED)
    router = make(refusing, breaking)
    for name, tries in (("a/m", 3), ("b/m", 1)):
        with pytest.raises((Busy, ModelFailed)):
            await text(router, name)
        assert len({"a/m": refusing, "b/m": breaking}[name].calls) == tries, name


async def test_what_failed_before_it_began_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "wait_s", lambda *_: 0.0)
    failing = service("a", ModelFailed("Oh.", status=500))
    with pytest.raises(ModelFailed):
        await text(make(failing), "a/m")
    assert len(failing.calls) == 3


async def test_a_step_that_does_not_begin_in_time_is_passed_over() -> None:
    never = asyncio.Event()
    silent = service("a", never)
    router = make(silent, routes=[route("a/m", "here", first_token_s=0.01)])
    result = await collect(router.run(chat("best")))
    assert (result.text, result.tried[0].code, silent.closed) == ("I am here", "timed_out", 1)


async def test_one_that_does_not_end_in_time_ends_with_an_error() -> None:
    router = make(service("a", "Half", asyncio.Event()), routes=[route("a/m", "here", total_s=0.02)])
    with pytest.raises(TimedOut, match="did not end within"):
        await text(router)


async def test_of_two_that_are_hedged_the_first_to_begin_answers_and_the_other_is_stopped() -> None:
    silent = service("a", asyncio.Event())
    router = make(silent, service("b"), routes=[route("a/m", "b/m", hedge_s=0.005)])
    result = await collect(router.run(chat("best")))
    assert (result.text, result.answerer.backend, silent.closed) == ("I am b", "b", 1)


async def test_hedged_and_failed_goes_on_with_the_third() -> None:
    router = make(service("a", FAILED), service("b", FAILED), routes=[route("a/m", "b/m", "here", hedge_s=1.0)])
    assert await text(router) == "I am here"


async def test_a_hedged_answer_that_is_left_stops_both() -> None:
    first, second = service("a", asyncio.Event()), service("b", asyncio.Event())
    router = make(first, second, routes=[route("a/m", "b/m", hedge_s=0.001)])
    stream = router.run(chat("best"))
    task = asyncio.ensure_future(anext(stream))
    while not second.calls:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task})
    await stream.aclose()
    assert first.closed == second.closed == 1 and router.live() == []


async def test_the_record_names_who_was_asked_last() -> None:
    recorder = Recorder()
    router = make(service("a", FAILED), routes=[route("a/m", "here")])
    router.watchers.append(recorder)
    await text(router)
    assert recorder.finished[0][:3] == ("here", "engine", "done")


async def test_too_many_names_are_refused() -> None:
    with pytest.raises(BadRequest, match="At most 32"):
        await text(make(), "here", wishes=Wishes(fallback=("x",) * 33))


async def test_a_dry_run_asks_nobody() -> None:
    far = service("a")
    plan = await make(far, routes=[route("a/m", "here")]).plan(chat("best"))
    assert [one.model.name for one in plan.steps] == ["a/m", "here"] and far.calls == []
    assert plan.facts is not None and plan.facts.task == CHAT


async def test_where_the_route_says_so_the_next_goes_on_with_the_text() -> None:
    second = service("b", "other half")
    router = make(service("a", "Half, ", "and ", FAILED), second, routes=[route("a/m", "b/m", goes_on=True)])
    first: Any = None
    heard = []
    async for delta in router.run(chat("best")):
        first = first or delta
        heard.append(delta)
    assert "".join(delta.text for delta in heard) == "Half, and other half"
    assert second.calls[0].inputs["messages"][-1] == {"role": "assistant", "content": "Half, and "}
    assert first.answerer.backend == "b" and [one.code for one in first.tried] == ["model_failed"]
    assert heard[-1].usage is not None and heard[-1].usage.completion_tokens == 3


@pytest.mark.parametrize("broken", [Delta(tool_calls=[{"index": 0}]), Delta(reasoning="So"), Delta(text="x", data=1)])
async def test_what_is_no_plain_text_is_not_gone_on_with(broken: Delta) -> None:
    second = service("b")
    router = make(service("a", broken, FAILED), second, routes=[route("a/m", "b/m", goes_on=True)])
    with pytest.raises(ModelFailed):
        await text(router)
    assert second.calls == []


async def test_a_call_costs_what_all_its_attempts_did() -> None:
    class Toll(Prices):
        def settle(self, usage: Usage, _took_s: float = 0.0) -> float | None:
            return 0.5 if usage.completion_tokens else 0.0

    router = make(service("a", "Half ", FAILED), service("b"), money=Toll(), routes=[route("a/m", "b/m", goes_on=True)])
    assert (await collect(router.run(chat("best")))).usage.cost == 1.0


async def test_copies_of_a_call_are_told_apart() -> None:
    recorder = Recorder()
    router = make(service("a", "one ", "two "), service("b", FAILED), routes=[route("b/m", "a/m")])
    router.watchers.append(recorder)
    first = chat("best")
    both = [first, replace(first, id="call_2", model="a/m")]
    results = await asyncio.gather(*(collect(router.run(one)) for one in both))
    assert [len(result.tried) for result in results] == [1, 0]
    assert both[0].course is not both[1].course
