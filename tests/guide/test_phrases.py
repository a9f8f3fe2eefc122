"""The written data keeps its promises: same ids everywhere, every phrase in one place, the exam unseen."""

from collections import Counter

import pytest
from guide.normal import normal

from guide import phrases

every_language = pytest.mark.parametrize("language", phrases.LANGUAGES)


def alike(text: str) -> set[str]:
    """What this phrase has in common with its near equals: its words in any order, itself less one letter."""
    plain = normal(text)
    shorter = {plain[:at] + plain[at + 1 :] for at in range(len(plain))} if len(plain) > 5 else set()
    return {" ".join(sorted(plain.split())), plain, *shorter}


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
def test_the_exam_asks_about_known_ids(language: str) -> None:
    assert {phrase.intent for phrase in phrases.unseen(language)} <= set(phrases.answers(language))


@every_language
def test_the_exam_is_unseen(language: str) -> None:
    taught = {form for phrase in phrases.training(language) for form in alike(phrase.text)}
    assert [p for p in phrases.unseen(language) if alike(p.text) & taught] == []


@every_language
def test_synonyms_can_be_read(language: str) -> None:
    words = phrases.synonyms(language)
    assert all("…" in frame for frame in words.frames)
    assert len(words.groups) >= 60
