"""When a call leaves this machine, and when not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.fakes.scripted import ScriptedBackend
from tests.unit.routing.test_router import Recorder, chat

from serai.backend import Backend, collect
from serai.errors import Forbidden, ModelNotFound, Unreachable
from serai.routing.resolve import resolve
from serai.routing.router import Router
from serai.settings import Settings
from serai.types import FEATURE_EXTRACTION, Limits, Model, Principal

LOCAL = [Model(name="serai-guide", task="text-generation", source="embedded")]
FAR = [Model(name="shore/org/beacon", task="text-generation", place="shore", source="service")]
BOUND = Principal("key_1", "bound", limits=Limits(places=("local",)))


class Shore(ScriptedBackend):
    """A service; `away`, it has not said what it has."""

    away = False
    heard = 0

    async def models(self) -> Sequence[Model]:
        return [] if self.away else FAR

    async def find(self, name: str) -> Model | None:
        self.heard += 1
        return Model(name=name, task="text-generation", place="shore") if self.away else None


def make(default: str = "auto", local: Sequence[Model] = LOCAL, **more: Any) -> tuple[Router, Shore]:
    recorder, shore = Recorder(), Shore(FAR, **more)
    shore.name = "shore"
    settings = Settings.model_validate({"models": {"default": default}})

    async def services(_who: str) -> Sequence[Backend]:
        return [shore]

    return Router([ScriptedBackend(list(local))], recorder, [recorder], lambda: settings, services=services), shore


async def test_a_name_that_begins_with_a_service_goes_there() -> None:
    router, _ = make()
    assert (await collect(router.run(chat("shore/org/beacon")))).answerer.model == "shore/org/beacon"
    assert (await router.resolve("SHORE/org/beacon", "chat")).place == "shore"


async def test_what_a_name_means_is_looked_up_anew_when_a_list_changes() -> None:
    router, shore = make()
    assert (await router.resolve("shore/org/beacon", "chat")).place == "shore"
    with pytest.raises(Forbidden):
        await router.resolve("shore/org/beacon", "chat", BOUND)
    shore.away = True
    assert (await router.resolve("shore/org/beacon", "chat")).source != "service" and shore.heard == 1
    shore.away = False
    assert (await router.resolve("shore/org/beacon", "chat")).source == "service"


async def test_auto_stays_on_this_machine_even_where_only_the_service_could() -> None:
    router, _ = make()
    assert (await router.resolve("auto", "chat")).place == "local"
    with pytest.raises(ModelNotFound):
        await router.resolve("auto", FEATURE_EXTRACTION)


async def test_auto_goes_where_the_owner_set_the_default() -> None:
    router, _ = make(default="shore/org/beacon")
    assert (await router.resolve("auto", "chat")).place == "shore"
    assert (await router.resolve("auto", "chat", BOUND)).place == "local"


@pytest.mark.parametrize("name", ["beacon", "org/beacon", "nowhere/beacon"])
async def test_a_shortened_name_never_leaves_this_machine(name: str) -> None:
    router, _ = make()
    with pytest.raises(ModelNotFound) as caught:
        await router.resolve(name, "chat")
    assert caught.value.facts["nearest"] == ["shore/org/beacon"]


def test_wherever_a_name_is_looked_up_a_shortened_one_stays_here() -> None:
    with pytest.raises(ModelNotFound):
        resolve("beacon", [*LOCAL, *FAR])
    assert resolve("Shore/org/beacon", [*LOCAL, *FAR]) is FAR[0]


async def test_a_name_of_a_service_is_never_answered_by_what_is_called_alike_here() -> None:
    router, _ = make(local=[Model(name="here/gone", task="text-generation", added_at=1.0)])
    with pytest.raises(ModelNotFound):
        await router.resolve("shore/gone", "chat")


async def test_no_service_stands_in_for_a_model_of_this_machine() -> None:
    router, _ = make(local=[Model(name="shore/org/beacon", task="text-generation")])
    assert [model.place for model in await router.models(BOUND)] == ["local"]
    assert (await router.resolve("shore/org/beacon", "chat")).place == "local"


@pytest.mark.parametrize("away", [False, True])
async def test_who_is_bound_to_this_machine_reaches_no_service(away: bool) -> None:
    router, shore = make()
    shore.away = away
    with pytest.raises(ModelNotFound if away else Forbidden):
        await collect(router.run(chat("shore/org/beacon", principal=BOUND)))
    assert shore.calls == [] and await router.remote_models(BOUND) == []
    with pytest.raises(ModelNotFound):
        await collect(router.run(chat("shore/org/secret", principal=BOUND)))
    assert shore.heard == 0, "not even a model's name leaves this machine"


async def test_a_service_that_is_away_says_so_itself() -> None:
    router, shore = make(script=(Unreachable("shore does not answer."),))
    shore.away = True
    with pytest.raises(Unreachable, match="shore does not answer"):
        await collect(router.run(chat("shore/anything")))
