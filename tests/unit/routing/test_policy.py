import pytest

from serai.errors import ModelNotFound, NotOffered, WrongTask
from serai.routing.policy import choose
from serai.types import CHAT, TEXT_GENERATION, Model

GUIDE = Model(name="serai-guide", task="text-generation", source="embedded")
OLD = Model(name="old", task="text-generation", added_at=1.0)
NEW = Model(name="new", task="text-generation", added_at=2.0)
MASK = Model(name="mask", task="fill-mask", added_at=3.0)
ALL = [GUIDE, OLD, NEW, MASK]


def auto(models: list[Model], default: str = "auto", loaded: tuple[str, ...] = ()) -> str:
    return choose("auto", CHAT, models, default, loaded).name


def test_auto_takes_the_default_first() -> None:
    assert auto(ALL, default="old", loaded=("new",)) == "old"


def test_then_the_one_that_was_used_last_and_is_loaded() -> None:
    assert auto(ALL, loaded=("serai-guide", "old", "new")) == "old"


def test_then_the_newest_that_can() -> None:
    assert auto(ALL) == "new"


def test_the_embedded_one_is_the_last_resort() -> None:
    assert auto([GUIDE, MASK]) == "serai-guide"


def test_no_name_is_auto() -> None:
    assert choose("", TEXT_GENERATION, ALL, "auto", ()).name == "new"


def test_nothing_at_all_is_not_found() -> None:
    with pytest.raises(ModelNotFound):
        auto([MASK])


def test_the_wrong_model_is_refused_with_others_that_can() -> None:
    with pytest.raises(WrongTask, match="mask is a fill-mask model; chat needs text-generation") as caught:
        choose("mask", CHAT, ALL, "auto", ())
    assert "old" in caught.value.hint and "mask" not in caught.value.hint


def test_a_default_that_is_gone_is_said() -> None:
    with pytest.raises(ModelNotFound, match="gone"):
        auto(ALL, default="gone")


def test_a_default_that_cannot_leaves_the_choice() -> None:
    vectors = Model(name="vectors", task="feature-extraction")
    assert choose("auto", "feature-extraction", [*ALL, vectors], "old", ()).name == "vectors"


def test_what_nobody_can_do_says_what_is_missing() -> None:
    with pytest.raises(NotOffered, match="text-to-image"):
        choose("auto", "text-to-image", ALL, "auto", ())
