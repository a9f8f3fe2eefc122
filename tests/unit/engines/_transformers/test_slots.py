"""Decoding many at once gives each what transformers gives it alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import tiny_folder

torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
import transformers  # noqa: E402

from serai.engines._serving.refused import CannotLoad  # noqa: E402
from serai.engines._transformers.alone import Alone, FromSource  # noqa: E402
from serai.engines._transformers.loading import IN_TURN, attention, check_files, load  # noqa: E402
from serai.engines._transformers.slots import Slots, agrees, can_batch  # noqa: E402
from serai.registry import Launch  # noqa: E402

pytestmark = pytest.mark.slow
PROMPTS = ([5, 6, 7, 8, 9, 10, 11, 12, 13], [20, 21], [30, 31, 32, 33, 34])
NEW = 24
WINDOW = {"sliding_window": 8}
MIXED = {"layer_types": ["sliding_attention", "full_attention"], "head_dim": 16, **WINDOW}
BATCHED = [
    ("Llama", {}),
    ("Qwen2", {}),
    ("Mistral", WINDOW),
    ("Gemma2", MIXED),
    ("Qwen3Moe", {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "head_dim": 16}),
    ("Olmo2", {}),
    ("GPT2", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}),
    ("Phi3", {}),
]


def made(tmp_path: Path, kind: str, shape: dict[str, Any]) -> Any:
    folder = tiny_folder.write(tmp_path / kind, kind, **shape)
    auto, config = transformers.AutoModelForCausalLM, transformers.AutoConfig.from_pretrained(folder)
    return auto.from_pretrained(folder, attn_implementation=attention(auto, config)).eval()


def alone(model: Any, prompt: Sequence[int]) -> list[int]:
    out = model.generate(torch.tensor([list(prompt)]), max_new_tokens=NEW, do_sample=False)
    return out[0, len(prompt) :].tolist()


def together(decoder: Any, prompts: Sequence[Sequence[int]], new: int = NEW) -> list[list[int]]:
    """Each joins one step after the one before it, and reads its prompt in two parts, if the decoder lets it."""
    answers: dict[int, list[int]] = {}
    while len(answers) < len(prompts) or any(len(answer) < new for answer in answers.values()):
        slot = len(answers)
        if ready := {at: answer[-1] for at, answer in answers.items() if len(answer) < new}:
            for at, logits in decoder.step(ready).items():
                answers[at].append(int(logits.argmax()))
        if slot < len(prompts):
            first = 0 if decoder.chunk > 1000 else 1
            for part in filter(None, (prompts[slot][:first], prompts[slot][first:])):
                logits = decoder.read(slot, part)
            answers[slot] = [int(logits.argmax())]
    return [answers[slot] for slot in range(len(prompts))]


@pytest.mark.parametrize(("kind", "shape"), BATCHED, ids=[kind for kind, _ in BATCHED])
def test_together_gives_what_alone_gives(tmp_path: Path, kind: str, shape: dict[str, Any]) -> None:
    model = made(tmp_path, kind, shape)
    slots = Slots(model, 3, 64)
    assert can_batch(model) and agrees(model, slots)
    assert together(slots, PROMPTS) == [alone(model, prompt) for prompt in PROMPTS]


def test_a_slot_goes_on_from_what_is_kept(tmp_path: Path) -> None:
    model = made(tmp_path, "Llama", {})
    slots = Slots(model, 2, 64)
    together(slots, PROMPTS[:2])
    assert slots.keep(0, 4) == 4
    changed = [*PROMPTS[0][:4], 40, 41, 42]
    first = int(slots.read(0, changed[4:]).argmax())
    assert first == alone(model, changed)[0]


def test_an_idle_slot_between_busy_ones_keeps_what_it_has(tmp_path: Path) -> None:
    model = made(tmp_path, "Llama", {})
    slots = Slots(model, 3, 64)
    for slot, prompt in enumerate(PROMPTS):
        slots.read(slot, prompt)
    for _ in range(4):
        slots.step({0: 50, 2: 51})
    assert int(slots.read(1, [22]).argmax()) == alone(model, [*PROMPTS[1], 22])[0]


OTHERS = [
    ("Bloom", {"n_layer": 2, "n_head": 4}),
    ("Mamba", {"state_size": 8}),
    ("Llama", {}),
    ("Mistral", WINDOW),
]


@pytest.mark.parametrize(("kind", "shape"), OTHERS, ids=[kind for kind, _ in OTHERS])
def test_what_cannot_share_a_forward_is_found_out_and_runs_alone(tmp_path: Path, kind: str, shape: Any) -> None:
    model = made(tmp_path, kind, shape)
    assert can_batch(model) == (kind in {"Llama", "Mistral"})
    decoder = Alone(model, 3)
    assert together(decoder, PROMPTS) == [alone(model, prompt) for prompt in PROMPTS]
    kept = decoder.keep(0, 4)
    assert kept in {0, 4}
    changed = [*PROMPTS[0][:4], 40, 41, 42]
    assert int(decoder.read(0, changed[kept:]).argmax()) == alone(model, changed)[0]


def test_a_model_that_sees_masks_its_own_way_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(tmp_path, "Llama", {})
    slots = Slots(model, 3, 64)
    monkeypatch.setattr(slots, "_masks", lambda _positions: None)
    assert not agrees(model, slots)


def test_a_source_is_read_and_answered() -> None:
    torch.manual_seed(0)
    shape = {"d_model": 32, "d_ff": 64, "num_layers": 2, "num_heads": 4, "d_kv": 8, "vocab_size": 100}
    config = transformers.T5Config(**shape, decoder_start_token_id=0, eos_token_id=1, pad_token_id=0)
    model = transformers.T5ForConditionalGeneration(config).eval()
    prompts = ([5, 6, 7, 1], [9, 8, 1])
    out = [model.generate(torch.tensor([list(p)]), max_new_tokens=6, do_sample=False)[0, 1:].tolist() for p in prompts]
    decoder = FromSource(model, 2)
    made = [int(decoder.read(slot, prompt).argmax()) for slot, prompt in enumerate(prompts)]
    answers = [[token] for token in made]
    while len(answers[0]) < 6:
        for slot, logits in decoder.step({slot: answer[-1] for slot, answer in enumerate(answers)}).items():
            answers[slot].append(int(logits.argmax()))
    assert [answer[: len(want)] for answer, want in zip(answers, out, strict=True)] == out


@pytest.mark.parametrize(("kind", "shape", "in_turn"), [("Llama", {}, False), ("Mamba", {"state_size": 8}, True)])
def test_running_in_turn_is_said(tmp_path: Path, kind: str, shape: Any, in_turn: bool) -> None:
    folder = tiny_folder.write(tmp_path / kind, kind, **shape)
    launch = Launch(engine="transformers", model="x", path=str(folder), parallel=2)
    facts = load(launch, "cpu", "Why.", "float32", 64).facts
    assert facts == ({"device_reason": f"Why. {IN_TURN}"} if in_turn else {})


def test_weights_of_another_head_are_refused(tmp_path: Path) -> None:
    tiny_folder.write_words(tmp_path)
    config = transformers.LlamaConfig(vocab_size=269, hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
    transformers.LlamaModel(config).save_pretrained(tmp_path)
    with pytest.raises(CannotLoad, match="weights are missing: lm_head") as caught:
        load(Launch(engine="transformers", model="x", path=str(tmp_path)), "cpu", "", "float32", 64)
    assert caught.value.cause == "truncated"


def test_an_index_may_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../other.safetensors"}}')
    with pytest.raises(CannotLoad, match="elsewhere"):
        check_files(tmp_path)
