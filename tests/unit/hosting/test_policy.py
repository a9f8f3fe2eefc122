from serai.hosting.policy import Decision, Place, idle_too_long, room_for


def place(name: str, last_used: float = 0, *, busy: bool = False, pinned: bool = False) -> Place:
    return Place(name, busy, pinned, last_used)


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
