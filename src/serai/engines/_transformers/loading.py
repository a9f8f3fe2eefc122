"""Makes a model of a folder: safetensors only, nothing from the network, no code but transformers' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError, safe_open

from serai.engines._serving import vocabulary
from serai.engines._serving.embedder import Embedder
from serai.engines._serving.refused import CannotLoad
from serai.engines._serving.server import Loaded
from serai.engines._transformers.alone import Alone, FromSource
from serai.engines._transformers.encoder import Encoder
from serai.engines._transformers.slots import Slots, agrees, can_batch
from serai.engines.transformers import has_package
from serai.registry import Launch
from serai.types import FEATURE_EXTRACTION

ONE_AT_A_TIME = "Answers run one at a time: a model that reads pictures keeps their places in itself."
IN_TURN = "Answers at the same time run in turn: this model's cache cannot be shared."
EMBED = (FEATURE_EXTRACTION, "sentence-similarity")
MARKS = ("image_token_id", "image_token_index")
"""Under these names a configuration has the token that stands for a picture."""

SEEING = transformers.AutoModelForImageTextToText
_LOCAL = {"local_files_only": True, "trust_remote_code": False}


def load(launch: Launch, device: str, reason: str, dtype: str, context: int) -> Loaded:
    """The model, ready to decode. Raises CannotLoad in words, or MemoryError."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    folder = Path(launch.path)
    check_files(folder)
    try:
        made = _load(launch, folder, device, dtype, context)
    except (CannotLoad, MemoryError):
        raise
    except SafetensorError as error:
        raise CannotLoad("truncated", str(error)) from error
    except torch.OutOfMemoryError as error:
        raise CannotLoad("out_of_memory", str(error).split(". ")[0]) from error
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError) as error:
        raise _put_in_words(str(error).strip() or type(error).__name__) from error
    if made.sees is not None:
        return replace(made, facts={"device_reason": f"{reason} {ONE_AT_A_TIME}", "parallel": 1})
    if made.embeds is not None or isinstance(made.decoder, Slots):
        return made
    return replace(made, facts={"device_reason": f"{reason} {IN_TURN}"})


def _load(launch: Launch, folder: Path, device: str, dtype: str, context: int) -> Loaded:
    config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL)
    words = vocabulary.read(folder, _slow_tokenizer(folder), launch.chat_template)
    source = bool(config.is_encoder_decoder)
    if source and words.plain:
        words = replace(words, template=vocabulary.LAST_MESSAGE, tool_template=vocabulary.LAST_MESSAGE)
    model = _weights(launch, folder, config, device, dtype)
    if launch.task in EMBED:
        return Loaded(vocabulary=words, context=context, embeds=Embedder(Encoder(model), words, folder, context))
    width = int(config.get_text_config(decoder=True).vocab_size)
    if sees_pictures(config):
        return _seeing(model, folder, config, Loaded(vocabulary=words, context=context, width=width))
    decoder: Any
    if source:
        decoder = FromSource(model, launch.parallel)
    else:
        decoder = Slots(model, launch.parallel, _chunk(model, device, launch.threads)) if can_batch(model) else None
        if decoder is None or not agrees(model, decoder):
            decoder = Alone(model, launch.parallel)
    return Loaded(vocabulary=words, context=context, decoder=decoder, width=width, source=source)


def sees_pictures(config: Any) -> bool:
    """Whether it is a chat model that takes pictures into its prompt."""
    marked = any(isinstance(getattr(config, name, None), int) for name in MARKS)
    return marked and type(config) in SEEING._model_mapping and not config.is_encoder_decoder


def _seeing(model: Any, folder: Path, config: Any, made: Loaded) -> Loaded:
    """A model that reads pictures. Raises CannotLoad."""
    if not has_package("PIL"):
        raise CannotLoad("unsupported", "models that read pictures need a package: pip install 'serai[torch]'")
    from serai.engines._transformers.vision import Seeing, Vision

    sees = Vision(folder, config)
    return replace(made, sees=sees, decoder=Seeing(model, sees))


def check_files(folder: Path) -> None:
    """All that can be said before the weights are read. Raises CannotLoad."""
    if not (folder / "config.json").is_file():
        raise CannotLoad("missing", "its folder has no config.json")
    index = vocabulary.read_json(folder / "model.safetensors.index.json").get("weight_map")
    names = sorted(set(index.values())) if isinstance(index, dict) else ["model.safetensors"]
    for name in names:
        path = folder / str(name)
        if path.resolve().parent != folder.resolve() and ".." in Path(str(name)).parts:
            raise CannotLoad("unsupported", f"its index names {name}, which lies elsewhere")
        if not path.is_file():
            raise CannotLoad("missing", f"its folder has no {name}; other forms of weights are not read")
        try:
            with safe_open(path, "pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise CannotLoad("truncated", f"{name}: {error}") from error


def _weights(launch: Launch, folder: Path, config: Any, device: str, dtype: str) -> Any:
    """The model with all its weights on the device. Raises CannotLoad where some are missing: it would answer with
    random ones."""
    kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    kind = SEEING if sees_pictures(config) else kind
    kind = transformers.AutoModel if launch.task in EMBED else kind
    model, told = kind.from_pretrained(
        folder,
        config=config,
        dtype=getattr(torch, dtype),
        use_safetensors=True,
        attn_implementation=attention(kind, config),
        output_loading_info=True,
        device_map={"": device},
        quantization_config=quantisation(launch.bits, device),
        **_LOCAL,
    )
    unused = ("pooler.",) if launch.task in EMBED else ()
    if missing := sorted(name for name in told["missing_keys"] if not name.startswith(unused)):
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise CannotLoad("truncated", f"weights are missing: {', '.join(missing[:3])}{more}")
    return model.eval()


def attention(kind: Any, config: Any) -> str:
    """One of the two ways that come with PyTorch; a configuration could name one that would have to be fetched."""
    made = kind._model_mapping.get(type(config), None)
    made = made[0] if isinstance(made, (list, tuple)) else made
    return "sdpa" if getattr(made, "_supports_sdpa", False) else "eager"


def quantisation(bits: int, device: str) -> Any:
    """How weights are shortened to so many bits; None for not at all. Raises CannotLoad where this is not possible."""
    if not bits:
        return None
    if device == "cpu" and bits == 8:
        return _eight_bits_on_the_cpu()
    if device != "cuda":
        raise CannotLoad("unsupported", f"{bits} bits need a CUDA device; for a small model on the CPU take a GGUF")
    if not has_package("bitsandbytes"):
        raise CannotLoad("unsupported", f"{bits} bits need a package: pip install bitsandbytes")
    return transformers.BitsAndBytesConfig(load_in_8bit=bits == 8, load_in_4bit=bits == 4)


def _eight_bits_on_the_cpu() -> Any:
    """A third of the memory of float32, and slower: numbers are made whole again as they are used."""
    if not has_package("torchao"):
        raise CannotLoad("unsupported", "8 bits on the CPU need a package: pip install torchao")
    from torchao.quantization import Int8WeightOnlyConfig

    return transformers.TorchAoConfig(Int8WeightOnlyConfig())


def _slow_tokenizer(folder: Path) -> Any:
    """Where there is no tokenizer.json, transformers may make one from older files."""
    if (folder / "tokenizer.json").is_file():
        return None
    made = transformers.AutoTokenizer.from_pretrained(folder, **_LOCAL)
    backend = getattr(made, "backend_tokenizer", None)
    if backend is None:
        raise CannotLoad("unsupported", "its tokenizer is of a kind that only code of its own can run")
    return backend


def _chunk(model: Any, device: str, threads: int) -> int:
    """Prompt tokens that are read in one go: about a quarter of a second's worth, as for llama.cpp."""
    if device != "cpu":
        return 1024
    wanted = max(32, min(512, int(0.25 * 50e9 * threads / (2 * max(1, model.num_parameters())))))
    return int(1 << (wanted.bit_length() - 1))


_CAUSES: Mapping[str, str] = {
    "does not recognize this architecture": "unsupported",
    "Unrecognized configuration class": "unsupported",
    "Unrecognized model": "unsupported",
    "can't allocate memory": "out_of_memory",
    "out of memory": "out_of_memory",
    "size mismatch": "truncated",
    "mismatched": "truncated",
}


def _put_in_words(said: str) -> CannotLoad:
    """What transformers said, as one of our causes."""
    if "custom code" in said or "trust_remote_code" in said:
        return CannotLoad("unsupported", "it needs code of its own, which is not run")
    cause = next((cause for words, cause in _CAUSES.items() if words in said), "crashed")
    return CannotLoad(cause, said.splitlines()[0][:300])
