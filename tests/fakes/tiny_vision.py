"""Makes folders with models of random weights that read pictures, as transformers saves them. Needs PyTorch, Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fakes import tiny_folder

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for c in m.content %}{% if c.type == 'image' %}<image>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endif %}"
    "<eos>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_TEXT |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "initializer_range": 0.3}
_CLIP = {"image_size": 32, "patch_size": 8, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_CLIP |= {"intermediate_size": 64, "initializer_range": 0.3}


def llava(folder: Path) -> Path:
    """A picture becomes 16 tokens."""
    import transformers as hf

    words = _words(hf, CHAT, "<image>")
    mark = words.convert_tokens_to_ids("<image>")
    words.image_token = "<image>"
    text = hf.LlamaConfig(vocab_size=len(words), max_position_embeddings=512, **_TEXT)
    ids = {"image_token_index": mark, "image_token_id": mark}
    config = hf.LlavaConfig(vision_config=hf.CLIPVisionConfig(projection_dim=32, **_CLIP), text_config=text, **ids)
    model = _made(hf.LlavaForConditionalGeneration, config, words)
    size = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    processor = hf.LlavaProcessor(
        hf.CLIPImageProcessorPil(**size),
        words,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    )
    return _saved(folder, model, processor)


def gemma3(folder: Path) -> Path:
    """A picture becomes 4 tokens, which see each other."""
    import transformers as hf

    named = {"image_token": "<image>", "boi_token": "<boi>", "eoi_token": "<eoi>"}
    words = _words(hf, CHAT.replace("<image>", "<boi>"), *named.values(), extra_special_tokens=named)
    ids = {name: words.convert_tokens_to_ids(name) for name in named.values()}
    text = hf.Gemma3TextConfig(
        vocab_size=len(words),
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=64,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        **_TEXT,
    )
    config = hf.Gemma3Config(
        text_config=text,
        vision_config=hf.SiglipVisionConfig(**{**_CLIP, "initializer_range": 0.3}),
        mm_tokens_per_image=4,
        tie_word_embeddings=False,
        image_token_index=ids["<image>"],
        image_token_id=ids["<image>"],
        boi_token_index=ids["<boi>"],
        eoi_token_index=ids["<eoi>"],
    )
    model = _made(hf.Gemma3ForConditionalGeneration, config, words)
    pictures = hf.Gemma3ImageProcessorPil(size={"height": 32, "width": 32})
    template = CHAT.replace("<image>", "<boi>")
    return _saved(folder, model, hf.Gemma3Processor(pictures, words, chat_template=template, image_seq_length=4))


def qwen2vl(folder: Path) -> Path:
    """Places in three dimensions, and a processor that wants to read videos too."""
    import transformers as hf

    marks = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    template = CHAT.replace("<image>", "<|vision_start|><|image_pad|><|vision_end|>")
    words = _words(hf, template, *marks)
    image, video, start, end = (words.convert_tokens_to_ids(name) for name in marks)
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}
    text = {"vocab_size": len(words), "num_key_value_heads": 2, "rope_parameters": rope, "max_position_embeddings": 512}
    seen = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "patch_size": 14, "mlp_ratio": 2}
    ids = {"image_token_id": image, "video_token_id": video, "vision_start_token_id": start, "vision_end_token_id": end}
    config = hf.Qwen2VLConfig(text_config={**_TEXT, **text}, vision_config=seen, **ids)
    pictures = hf.Qwen2VLImageProcessorPil(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    return _saved(folder, _made(hf.Qwen2VLForConditionalGeneration, config, words), words, pictures)


def _words(hf: Any, template: str, *more: str, **named: Any) -> Any:
    made = tiny_folder.tokenizer()
    made.add_special_tokens(list(more))
    known = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>"}
    words = hf.PreTrainedTokenizerFast(tokenizer_object=made, **known, **named)
    words.chat_template = template
    return words


def _made(kind: Any, config: Any, words: Any) -> Any:
    """At temperature 0 it says letters only, and never ends by itself."""
    import torch

    torch.manual_seed(0)
    model = kind(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.dim() > 1 and "norm" not in name:
                weights.normal_(0, 0.3)
        model.get_output_embeddings().weight[list(words.added_tokens_decoder)] = 0
    return model


def _saved(folder: Path, *parts: Any) -> Path:
    for part in parts:
        part.save_pretrained(folder)
    return folder
