from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hosting.shapes import calm

from serai.hosting.policy import Decision, Place, idle_too_long, room_for, with_room_of


def place(name: str, last_used: float = 0, *, busy: bool = False, pinned: bool = False, **memory: int) -> Place:
    return Place(name, busy, pinned, last_used, memory)


def test_there_is_room_below_the_limit() -> None:
    assert room_for([place("a")], 2) == Decision("free")


def test_the_least_recently_used_goes() -> None:
    assert room_for([place("a", 2), place("b", 1)], 2) == Decision("evict", ("b",))


def test_busy_and_pinned_never_go() -> None:
    places = [place("a", 0, busy=True), place("b", 1, pinned=True), place("c", 9)]
    assert room_for(places, 3) == Decision("evict", ("c",))


def test_where_all_are_busy_one_waits() -> None:
    assert room_for([place("a", busy=True), place("b", pinned=True)], 2) == Decision("wait")


def test_where_all_are_pinned_waiting_is_in_vain() -> None:
    assert room_for([place("a", busy=True, pinned=True)], 1) == Decision("never")


def test_a_lowered_limit_evicts_too() -> None:
    assert room_for([place("a", 1), place("b", 2), place("c", 3)], 2) == Decision("evict", ("a", "b"))


def test_only_the_idle_are_idle_too_long() -> None:
    places = [place("old", 10), place("busy", 10, busy=True), place("pinned", 10, pinned=True), place("new", 95)]
    assert idle_too_long(places, 100, 60) == ["old"]
    assert idle_too_long(places, 100, 0) == []


def test_what_was_said_of_one_alone_counts_for_it() -> None:
    places = [Place(name, False, False, 90, {}, idle_s) for name, idle_s in (("a", 5.0), ("b", None), ("c", 0.0))]
    assert idle_too_long(places, 100, 60) == ["a", "c"]
    assert idle_too_long(places, 100, 0) == ["a", "c"]
    assert idle_too_long(places, 90, 0) == ["c"]


def test_no_more_go_than_memory_takes() -> None:
    places = [place("old", 1, cpu=10), place("large", 2, cpu=100), place("new", 3, cpu=100)]
    assert room_for(places, 0, {"cpu": 90}, {"cpu": 0}) == Decision("evict", ("large",))
    assert room_for(places, 0, {"cpu": 110}, {"cpu": 0}) == Decision("evict", ("old", "large"))
    assert room_for(places, 0, {"cpu": 90}, {"cpu": 90}) == Decision("free")


def test_a_busy_one_may_make_room_and_a_pinned_one_never_does() -> None:
    assert room_for([place("a", busy=True, cpu=50)], 0, {"cpu": 50}, {}) == Decision("wait")
    assert room_for([place("a", pinned=True, cpu=50)], 0, {"cpu": 50}, {}) == Decision("never")


def test_memory_is_judged_on_each_device() -> None:
    places = [place("a", 1, cpu=50), place("b", 2, gpu=50)]
    assert room_for(places, 0, {"gpu": 50}, {"cpu": 100}) == Decision("evict", ("b",))


PLACES = st.lists(
    st.builds(
        Place,
        st.uuids().map(str),
        st.booleans(),
        st.booleans(),
        st.floats(0, 9),
        st.fixed_dictionaries({"cpu": st.integers(0, 100), "gpu": st.integers(0, 100)}),
    ),
    max_size=8,
)
SIZES = st.fixed_dictionaries({"cpu": st.integers(0, 300), "gpu": st.integers(0, 300)})


@calm
@given(PLACES, st.integers(0, 9), SIZES, SIZES)
def test_what_is_evicted_suffices_and_nothing_of_it_in_vain(
    places: list[Place], limit: int, needed: dict[str, int], room: dict[str, int]
) -> None:
    decision = room_for(places, limit, needed, room)
    gone = [place for place in places if place.name in decision.evict]
    left = [place for place in places if place.name not in decision.evict]
    assert not any(place.busy or place.pinned for place in gone)
    if decision.verdict in {"free", "evict"}:
        assert room_for(left, limit, needed, with_room_of(room, gone)) == Decision("free")
    for place in gone:
        others = [other for other in gone if other is not place]
        assert room_for([*left, place], limit, needed, with_room_of(room, others)).verdict != "free"
    if decision.verdict in {"wait", "never"}:
        idle = [place for place in places if not place.busy and not place.pinned]
        rest = [place for place in places if place not in idle]
        assert room_for(rest, limit, needed, with_room_of(room, idle)).verdict != "free"
