from serai.advice import TYPICAL
from serai.hub.starter import CHAT, fit, starters, suggest
from serai.types import ModelRef

GB = 10**9


def test_every_entry_has_a_name_that_can_be_pulled() -> None:
    assert all("/" in ModelRef.parse(starter.name).name for starter in starters())


def test_what_chats_is_gguf_of_one_quantisation_which_every_serai_runs() -> None:
    names = [ModelRef.parse(starter.name) for starter in starters() if starter.task == CHAT]
    assert all("GGUF" in ref.name and (ref.variant or "").startswith("Q") for ref in names)


def test_the_list_has_more_than_chat_and_says_why_in_every_language() -> None:
    tasks = {"chat", "text-generation", "fill-mask", "feature-extraction", "automatic-speech-recognition"}
    assert {*tasks, "image-text-to-text"} == {starter.task for starter in starters()}
    assert all(set(starter.why) == {"en", "de", "fa"} for starter in starters())


def test_what_stands_in_for_another_is_listed_and_of_its_task() -> None:
    listed = {starter.name: starter for starter in starters()}
    named = [starter for starter in starters() if starter.instead]
    assert {starter.name for starter in named} == {"persiannlp/gpt2-persian", "SajjadAyoubi/persian-gpt2-large"}
    assert all(listed[starter.instead].task == starter.task for starter in named)


def test_the_models_that_everyone_asks_for_are_there() -> None:
    known = {ModelRef.parse(starter.name).name: starter for starter in starters()}
    tiny, phi = known["TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF"], known["TheBloke/phi-2-GGUF"]
    assert (tiny.size // (1 << 20), tiny.context_length) == (637, 2048)
    assert (round(phi.size / 1e9, 1), phi.context_length) == (1.6, 2048)
    assert round(known["TheBloke/Mistral-7B-Instruct-v0.2-GGUF"].size / 1e9, 1) == 4.4
    assert known["HooshvareLab/bert-fa-base-uncased"].task == "fill-mask"


def test_suggestions_only_chat() -> None:
    assert {starter.task for starter, _ in suggest(memory=64 * GB, disk=900 * GB, count=99)} == {CHAT}


def test_each_kind_of_machine_gets_three_that_fit_and_larger_machines_larger_ones() -> None:
    found = [suggest(memory=int(memory), disk=900 * GB, largest=True) for memory in TYPICAL.values()]
    assert all([pair[1].verdict for pair in chosen] == ["fits"] * 3 for chosen in found)
    largest = [chosen[-1][0].parameters for chosen in found]
    assert largest == sorted(set(largest))


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


def test_a_processor_alone_gets_nothing_that_is_too_slow_to_talk_with() -> None:
    assert suggest(memory=64 * GB, disk=900 * GB)[-1][0].parameters > 14e9
    assert suggest(memory=64 * GB, disk=900 * GB, gpu=False)[-1][0].parameters < 9e9
