"""The written data keeps its promises: same ids everywhere, every phrase in one place, the exam unseen."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from guide.normal import normal

from guide import phrases

Asked = Callable[[str], list[phrases.Phrase]]
every_language = pytest.mark.parametrize("language", phrases.LANGUAGES)


def alike(text: str) -> set[str]:
    """What this phrase has in common with its near equals: its words in any order, itself less one letter."""
    plain = normal(text)
    shorter = {plain[:at] + plain[at + 1 :] for at in range(len(plain))} if len(plain) > 5 else set()
    return {" ".join(sorted(plain.split())), plain, *shorter}


def forms(asked: Sequence[phrases.Phrase]) -> set[str]:
    """All that phrases like these have in common with others."""
    return {form for phrase in asked for form in alike(phrase.text)}


@every_language
def test_every_language_has_the_same_ids_in_the_same_order(language: str) -> None:
    assert list(phrases.answers(language)) == list(phrases.answers("en"))


@every_language
def test_every_id_has_enough_phrases(language: str) -> None:
    counted = Counter(phrase.intent for phrase in phrases.training(language))
    assert min(counted.values()) >= 20
    assert counted[phrases.DECLINE] >= 350


@every_language
def test_answers_are_short_and_all_different(language: str) -> None:
    answers = list(phrases.answers(language).values())
    assert max(len(answer.split()) for answer in answers) <= 36
    assert len(set(answers)) == len(answers)


@every_language
def test_no_phrase_belongs_to_two_ids(language: str) -> None:
    owners: dict[str, str] = {}
    for phrase in phrases.training(language):
        assert owners.setdefault(normal(phrase.text), phrase.intent) == phrase.intent, phrase


@every_language
@pytest.mark.parametrize("asked", [phrases.tuning, phrases.unseen])
def test_tuning_and_exam_ask_about_known_ids(language: str, asked: Asked) -> None:
    assert {phrase.intent for phrase in asked(language)} <= set(phrases.answers(language))


@every_language
@pytest.mark.parametrize("asked", [phrases.tuning, phrases.unseen])
def test_tuning_and_exam_are_not_taught(language: str, asked: Asked) -> None:
    taught = forms(phrases.training(language))
    assert [p for p in asked(language) if alike(p.text) & taught] == []


@every_language
def test_the_exam_is_not_tuned_for(language: str) -> None:
    tuned = forms(phrases.tuning(language))
    assert [p for p in phrases.unseen(language) if alike(p.text) & tuned] == []


@every_language
def test_the_tuning_set_asks_enough_that_must_be_declined(language: str) -> None:
    assert sum(phrase.intent == phrases.DECLINE for phrase in phrases.tuning(language)) >= 60


@every_language
def test_synonyms_can_be_read(language: str) -> None:
    words = phrases.synonyms(language)
    assert all("…" in frame for frame in words.frames)
    assert len(words.groups) >= 60
