"""Writes the model as GGUF: Q8_0 matrices, its tokenizer, its chat template, and greedy sampling as its default."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from guide import wordpieces
from guide.llama import Llama
from guide.normal import chat_template
from guide.train import School

Q8 = gguf.GGMLQuantizationType.Q8_0


def write(model: Llama, school: School, path: Path) -> None:
    """The model in one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, model, school.recipe.languages)
    _add_words(writer, school, model.shape.words)
    for name, weight in model.named_parameters():
        values = np.ascontiguousarray(weight.detach().float().numpy())
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, gguf.quants.quantize(values, Q8), raw_dtype=Q8)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, model: Llama, languages: tuple[str, ...]) -> None:
    shape = model.shape
    writer.add_name("serai-guide")
    writer.add_description("Answers questions about Serai and declines all others.")
    writer.add_license("apache-2.0")
    writer.add_languages(list(languages))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_float32("general.sampling.temp", 0.0)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.theta)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.words)


def _add_words(writer: gguf.GGUFWriter, school: School, size: int) -> None:
    tokenizer = school.tokenizer
    known = {number: piece for piece, number in tokenizer.get_vocab().items()}
    topics = range(len(known), school.words)
    known |= dict(zip(topics, (f"<|{language}:{intent}|>" for language, intent in school.topics), strict=True))
    pieces = [known.get(number, f"[PAD{number}]") for number in range(size)]
    kinds = [_kind(number, number in known, number in topics) for number in range(size)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(pieces)
    writer.add_token_types(kinds)
    writer.add_token_merges(wordpieces.merges(tokenizer))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(wordpieces.END)
    writer.add_pad_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template(chat_template())


def _kind(number: int, known: bool, topic: bool) -> gguf.TokenType:
    if not known:
        return gguf.TokenType.UNUSED
    return gguf.TokenType.CONTROL if topic or number < len(wordpieces.SPECIAL) else gguf.TokenType.NORMAL
