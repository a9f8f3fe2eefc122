"""Makes folders with models of random weights as transformers saves them, under 1 MB. Needs PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<eos>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>", "<|system|>", "<|user|>", "<|assistant|>")


def tokenizer() -> Tokenizer:
    """A byte-level vocabulary that can spell everything."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("c", "a"), ("ca", "t"), ("Ġ", "cat")]
    tokens = [*SPECIAL, *letters, *dict.fromkeys(left + right for left, right in pairs)]
    made = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, pairs, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    return made


def write_words(folder: Path, template: str | None = CHAT) -> int:
    """The tokenizer's files; how many tokens it has."""
    folder.mkdir(parents=True, exist_ok=True)
    made = tokenizer()
    made.save(str(folder / "tokenizer.json"))
    config: dict[str, Any] = {"eos_token": "<eos>", "bos_token": "<bos>", "pad_token": "<pad>"}
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    if template:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return int(made.get_vocab_size())


def write(folder: Path, kind: str = "Llama", *, template: str | None = CHAT, seed: int = 0, **shape: Any) -> Path:
    """A causal model of transformers' configuration `{kind}Config`. At temperature 0 it never ends by itself."""
    import torch
    import transformers

    size = write_words(folder, template)
    torch.manual_seed(seed)
    usual = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    usual |= {"num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.3}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": False}
    config = getattr(transformers, f"{kind}Config")(vocab_size=size, **{**usual, **ids, **shape})
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        model.get_output_embeddings().weight[2] = 0
    model.save_pretrained(folder)
    return folder
