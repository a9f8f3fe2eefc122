from serai.tasks.families import family_of
from serai.types import CHAT


def test_chat_belongs_to_text_generation() -> None:
    family = family_of(CHAT)
    assert family is not None and family.name == "text-generation"


def test_a_call_that_nobody_declares_has_no_family() -> None:
    assert family_of("mind-reading") is None
