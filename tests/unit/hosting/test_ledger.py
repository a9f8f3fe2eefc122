from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hosting.shapes import calm

from serai.hosting.budget import Device, Need
from serai.hosting.ledger import Holding, room, settle, told

CPU = Device(name="CPU", kind="cpu", total=1000, free=600)
GPU = Device(name="GPU 0", kind="gpu", total=400, free=300)


def promise(cpu: int = 0, gpu: int = 0, **parts: Any) -> Need:
    zero = {"weights": cpu + gpu, "kv": 0, "compute": 0, "cache": 0, "runtime": 0, "later": 0, "spare": 0}
    return Need(**{**zero, **parts}, by_device={"cpu": cpu, "gpu": gpu})


def test_a_share_of_the_machine_is_for_models_and_only_what_is_free() -> None:
    assert room([CPU], 0.85, []) == {"cpu": 600}
    assert room([CPU], 0.5, []) == {"cpu": 500}
    assert room([CPU, GPU], 0.5, []) == {"cpu": 500, "gpu": 300}


def test_a_promise_counts_before_it_is_used() -> None:
    assert room([CPU, GPU], 0.85, [Holding(promise(200, 100))]) == {"cpu": 400, "gpu": 200}
    assert room([CPU], 0.85, [Holding(promise(200), resident=150)]) == {"cpu": 550}


def test_a_ready_model_counts_as_measured_with_what_comes_later() -> None:
    holding = Holding(promise(500, later=50), resident=100)
    ready = Holding(promise(500, later=50), resident=100, settled=settle(holding))
    assert ready.held() == {"cpu": 150, "gpu": 0}
    assert room([CPU], 0.85, [ready]) == {"cpu": 550}
    assert Holding(promise(500), resident=400, settled=150).held()["cpu"] == 400


def test_mapped_weights_count_though_the_system_calls_them_free() -> None:
    assert room([CPU], 0.85, [Holding(promise(300), resident=300, mapped=250, settled=300)]) == {"cpu": 350}


def test_pages_that_were_copied_do_not_count() -> None:
    holding = Holding(promise(300, spare=250), resident=550, mapped=260, settled=300)
    assert (holding.own, holding.held()["cpu"]) == (300, 300)


def test_people_see_who_holds_what() -> None:
    holdings = {"a": Holding(promise(200, 100)), "b": Holding(promise(50))}
    cpu, gpu = told([CPU, GPU], holdings)
    assert cpu["models"] == [{"name": "a", "memory": 200}, {"name": "b", "memory": 50}]
    assert gpu["models"] == [{"name": "a", "memory": 100}]


def test_what_models_do_not_hold_is_the_servers_or_other_programs() -> None:
    holdings = {"a": Holding(promise(200, 50), resident=150, mapped=50, settled=200)}
    cpu, gpu = told([CPU, GPU], holdings, share=0.8, serai=30)
    assert (cpu["limit"], cpu["serai"], cpu["others"]) == (800, 30, 270)
    assert (gpu["limit"], gpu["serai"], gpu["others"]) == (400, 0, 50)


@calm
@given(
    st.lists(st.tuples(*[st.integers(0, 1000)] * 5, st.booleans()), max_size=5),
    st.floats(0.01, 1),
    st.integers(0, 1000),
)
def test_the_room_is_never_more_than_is_free_or_allowed(
    models: list[tuple[int, int, int, int, int, bool]], share: float, free: int
) -> None:
    holdings = [
        Holding(promise(p, spare=s, later=later), max(r, m), m, later if ready else None)
        for p, r, m, s, later, ready in models
    ]
    device = Device(name="CPU", kind="cpu", total=1000, free=free)
    left = room([device], share, holdings)["cpu"]
    assert 0 <= left <= free
    assert left + sum(holding.held()["cpu"] for holding in holdings) <= max(
        1000 * share, sum(holding.held()["cpu"] for holding in holdings)
    )
