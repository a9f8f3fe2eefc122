from serai.hub.starter import fit, starters, suggest
from serai.types import ModelRef

GB = 10**9


def test_every_entry_has_a_name_that_can_be_pulled() -> None:
    assert all(ModelRef.parse(starter.name).variant for starter in starters())


def test_the_list_grows_from_small_to_large() -> None:
    sizes = [starter.size for starter in starters()]
    assert sizes == sorted(sizes)


def test_what_is_larger_than_the_memory_does_not_fit() -> None:
    assert fit(starters()[-1], memory=4 * GB, disk=100 * GB).verdict == "no"


def test_a_full_disk_is_a_no_as_well() -> None:
    assert fit(starters()[0], memory=16 * GB, disk=GB // 10).verdict == "no"


def test_what_only_just_fits_is_called_tight() -> None:
    mistral = next(starter for starter in starters() if "Mistral" in starter.title)
    assert fit(mistral, memory=int(mistral.needs * 1.05 * GB), disk=100 * GB).verdict == "tight"


def test_three_are_suggested_and_the_largest_of_them_fits() -> None:
    chosen = suggest(memory=16 * GB, disk=100 * GB)
    assert [pair[1].verdict for pair in chosen] == ["fits"] * 3


def test_a_tiny_machine_still_gets_suggestions_with_the_truth() -> None:
    assert {pair[1].verdict for pair in suggest(memory=GB * 8 // 10, disk=100 * GB)} <= {"tight", "no"}


def test_suggestions_speak_the_language_of_the_page() -> None:
    assert all("fa" in starter.languages for starter, _ in suggest(memory=32 * GB, disk=100 * GB, language="fa"))
