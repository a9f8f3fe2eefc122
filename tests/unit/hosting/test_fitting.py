"""The best that fits, what is shortened for it, and what is offered where nothing does."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hosting.shapes import calm, plans, shapes, simple

from serai.hosting.budget import MB, Plan, need
from serai.hosting.fitting import SHORTEST, Wish, choose, longest, offers, verdict, with_cache, words
from serai.hosting.policy import fits
from serai.hub.shape import Shape

GB = 1_000_000_000
SHAPE = simple()
WISH = Wish(plan=Plan(context=8192, parallel=4))
ROOMS = st.fixed_dictionaries({"cpu": st.integers(0, 1 << 34)}, optional={"gpu": st.integers(0, 1 << 34)})


def room(cpu: float, gpu: float | None = None) -> dict[str, int]:
    return {"cpu": int(cpu * GB)} | ({"gpu": int(gpu * GB)} if gpu is not None else {})


def test_what_was_asked_is_taken_where_there_is_room() -> None:
    choice = choose(SHAPE, WISH, room(4), room(4))
    assert choice and (choice.plan, choice.shortened) == (WISH.plan, "")


def test_streams_go_before_other_models_do() -> None:
    choice = choose(SHAPE, WISH, room(0.9), room(8))
    assert choice and (choice.plan.parallel, choice.plan.context) == (3, 8192)
    assert "3 calls at once instead of 4" in choice.shortened


def test_other_models_go_before_the_context_does() -> None:
    choice = choose(SHAPE, WISH, room(0.5), room(8))
    assert choice and choice.plan == WISH.plan


def test_the_context_is_shortened_last() -> None:
    choice = choose(SHAPE, WISH, room(0.73), room(0.73))
    assert choice and choice.plan.parallel == 1 and SHORTEST <= choice.plan.context < 8192
    assert "tokens instead of 8,192" in choice.shortened


def test_what_somebody_chose_is_not_changed() -> None:
    fixed = replace(WISH, any_context=False, any_parallel=False)
    assert choose(SHAPE, fixed, room(0.9), room(0.9)) is None


def test_the_gpu_is_used_as_far_as_it_goes_and_the_reason_told() -> None:
    wish = replace(WISH, graphics=True)
    whole, half, none = (choose(SHAPE, wish, room(8, gpu), room(8, gpu)) for gpu in (4, 0.9, 0.1))
    assert whole and (whole.plan.layers, whole.device_reason) == (5, "")
    assert half and 0 < half.plan.layers < 5 and "layers on the GPU" in half.device_reason
    assert none and none.plan.layers == 0 and none.device_reason.startswith("CPU: ")
    assert none.device_reason.endswith("needed, 100 MB free on the GPU.")


def test_attention_is_done_in_one_piece_where_that_is_quick_and_small() -> None:
    wish = replace(WISH, any_attention=True, plan=replace(WISH.plan, batch=64, context=2048))
    tight = need(SHAPE, replace(wish.plan, parallel=1)).total

    def chosen(wish: Wish, now: dict[str, int]) -> bool:
        choice = choose(SHAPE, replace(wish, any_parallel=False), now, now)
        assert choice
        return choice.plan.attention

    assert not chosen(wish, room(8))
    assert chosen(replace(wish, graphics=True), room(8, 8))
    assert chosen(replace(wish, plan=replace(wish.plan, kv_type="q8_0")), room(8))
    assert chosen(replace(wish, plan=replace(wish.plan, batch=4096, context=65536)), room(60))
    assert chosen(replace(wish, plan=replace(wish.plan, parallel=1)), {"cpu": tight})
    assert chosen(replace(wish, any_attention=False), room(8))


def test_fewer_streams_keep_a_model_on_the_gpu() -> None:
    choice = choose(SHAPE, replace(WISH, graphics=True), room(8, 1.2), room(8, 1.2))
    assert choice and choice.plan.layers == 5 and choice.plan.parallel < 4


def test_past_prompts_get_what_is_left() -> None:
    wish = Wish(plan=replace(WISH.plan, cache=64 * MB))
    choice = choose(SHAPE, wish, room(4), room(4))
    assert choice
    assert with_cache(SHAPE, choice, 512 * MB, room(4)).plan.cache == 512 * MB
    left = room(choice.need.total / GB + 0.1)
    assert 64 * MB < with_cache(SHAPE, choice, 512 * MB, left).plan.cache < 170 * MB


def test_offers_name_what_would_fit() -> None:
    fixed = replace(WISH, any_context=False, any_parallel=False)
    texts = [offer.text for offer in offers(SHAPE, fixed, room(0.9), {"m-Q2_K.gguf": 200_000_000, "m-Q8.gguf": 9 * GB})]
    assert texts[0] == "one call at a time"
    assert any("KV cache in q4_0" in text for text in texts) and any("a context of" in text for text in texts)
    assert texts[-1] == "m-Q2_K.gguf (200 MB)"


def test_where_no_single_change_helps_all_are_offered_together() -> None:
    fixed = replace(WISH, any_context=False, any_parallel=False)
    (offer,) = offers(SHAPE, fixed, room(0.7), {})
    assert set(offer.loading) == {"context", "parallel", "kv_type"}


def test_the_verdict_is_tight_where_hardly_anything_is_left() -> None:
    for size, expected in ((8, "fits"), (need(SHAPE, WISH.plan).total / GB * 1.05, "tight"), (0.3, "no")):
        assert verdict(choose(SHAPE, WISH, room(size), room(size)), room(size)) == expected


def test_sizes_are_said_in_words() -> None:
    assert [words(size) for size in (7_100_000_000, 999_000_000, 120_000_000)] == ["7.1 GB", "1.0 GB", "120 MB"]


@calm
@given(shapes(), plans(), ROOMS, ROOMS, st.booleans(), st.booleans())
def test_a_choice_never_exceeds_the_room(
    shape: Shape, plan: Plan, now: dict[str, int], more: dict[str, int], any_context: bool, graphics: bool
) -> None:
    later = {kind: now.get(kind, 0) + more.get(kind, 0) for kind in {*now, *more}}
    wish = Wish(plan=plan, any_context=any_context, any_layers=graphics, graphics=graphics, most_cache=1 << 30)
    choice = choose(shape, wish, now, later)
    if choice is None:
        return
    assert fits(choice.need.by_device, later)
    assert choice.need == need(shape, choice.plan)
    assert choice.plan.context <= plan.context and choice.plan.parallel <= plan.parallel
    assert fits(with_cache(shape, choice, 1 << 30, later).need.by_device, later)


@calm
@given(shapes(), plans(), ROOMS)
def test_the_longest_context_fits_and_the_next_step_does_not(shape: Shape, plan: Plan, now: dict[str, int]) -> None:
    wish = Wish(plan=replace(plan, layers=0), any_layers=False)
    found = longest(shape, wish.plan, wish, now)
    if not found:
        return
    assert fits(need(shape, replace(wish.plan, context=found)).by_device, now)
    if found + 256 <= plan.context:
        assert not fits(need(shape, replace(wish.plan, context=found + 256)).by_device, now)
