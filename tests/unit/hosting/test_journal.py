from serai.hosting.journal import MOST_LETTERS, MOST_LINES, Journal


def test_a_reader_gets_the_lines_it_has_not_seen() -> None:
    journal = Journal()
    for text in ("one", "two", "three"):
        journal.note("a", text)
    journal.note("b", "other")
    assert [line.text for line in journal.after("a", 1)] == ["two", "three"]
    assert journal.after("a", 3) == [] and journal.after("nobody", 0) == []


def test_no_model_fills_the_memory_with_its_words() -> None:
    journal = Journal()
    for _ in range(MOST_LINES + 5):
        journal.note("a", "x" * 10_000)
    lines = journal.after("a", 0)
    assert (len(lines), len(lines[0].text), lines[-1].number) == (MOST_LINES, MOST_LETTERS, MOST_LINES + 5)


def test_what_is_forgotten_is_gone() -> None:
    journal = Journal()
    journal.note("a", "one")
    journal.forget("a")
    assert journal.after("a", 0) == []
