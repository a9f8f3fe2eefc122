"""Models that read pictures beside text: their processor, and a decoder that gives the model both.

In a prompt's tokens a picture stands as negative numbers made of its bytes, so that what was read is compared as text
is: the same picture goes on from the cache, another one does not."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import transformers
from PIL import Image

from serai.engines._serving.refused import CannotLoad, Refused
from serai.engines._serving.sampling import Logits
from serai.engines._transformers.alone import Alone
from serai.engines._transformers.loading import MARKS

_LOCAL: Mapping[str, Any] = {"local_files_only": True, "trust_remote_code": False}
_MOST_POINTS = 100_000_000
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
_KEPT = 4
_ENTRIES = frozenset({"input_ids", "attention_mask"})


class Vision:
    """Turns a rendered prompt with its pictures into tokens; keeps what the newest prompts' pictures became."""

    def __init__(self, folder: Path, config: Any) -> None:
        self._processor = processor(folder)
        self._mark = next(token for name in MARKS if isinstance(token := getattr(config, name, None), int))
        self._made: OrderedDict[int, dict[str, Any]] = OrderedDict()

    def read(self, text: str, pictures: Sequence[bytes]) -> list[int]:
        """Raises Refused where a picture cannot be decoded, or the prompt has no place for it."""
        opened = [decoded(data) for data in pictures]
        try:
            made = dict(self._processor(text=[text], images=opened, return_tensors="pt", add_special_tokens=False))
        except (ValueError, IndexError, KeyError) as error:
            raise Refused(f"The model's processor refused the pictures: {str(error)[:200]}.") from error
        tokens = made["input_ids"][0].tolist()
        if self._mark not in tokens:
            raise Refused("The model's chat template has no place for pictures.", kind="template_error")
        number = -1 - int.from_bytes(hashlib.blake2b(b"".join(pictures), digest_size=7).digest(), "big")
        self._made[number] = {name: value for name, value in made.items() if name not in _ENTRIES}
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return [number if token == self._mark else token for token in tokens]

    def take(self, tokens: Sequence[int]) -> tuple[list[int], dict[str, Any]]:
        """The tokens as the model knows them, and what belongs to the pictures among them."""
        number = min(tokens)
        return [self._mark if token < 0 else token for token in tokens], self._made[number] if number < 0 else {}


class Seeing(Alone):
    """A Decoder for one conversation at a time: such models keep the places of their pictures in themselves. A prompt
    is read in one go, and one whose unread part holds pictures is read from its beginning."""

    def __init__(self, model: Any, vision: Vision) -> None:
        super().__init__(model, 1)
        self.chunk = 1 << 30
        self._vision = vision
        self._holder = next((part for part in model.modules() if hasattr(part, "rope_deltas")), None)

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        if self._holder is not None and not self._lengths[slot]:
            self._holder.rope_deltas = None  # else those of the conversation before this one
        ids, pictures = self._vision.take(tokens)
        moved = {name: value.to(self._model.device) for name, value in pictures.items()}
        floating = {name: value.to(self._model.dtype) for name, value in moved.items() if value.is_floating_point()}
        return self._forward(slot, ids, **moved | floating)


def decoded(data: bytes) -> Any:
    """A picture in colours. Raises Refused; nothing larger than the server lets through is decoded."""
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            opened = Image.open(io.BytesIO(data), formats=_FORMATS)
        if opened.width * opened.height > _MOST_POINTS:
            raise Refused("A picture is too large to be decoded.")
        return opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(f"A picture cannot be decoded: {str(error)[:200]}.") from error


def processor(folder: Path) -> Any:
    """The model's processor; where that wants to read videos too, which needs torchvision, one for pictures only.
    Raises CannotLoad."""
    try:
        return transformers.AutoProcessor.from_pretrained(folder, **_LOCAL)
    except ImportError:
        return _without_videos(folder)


def _without_videos(folder: Path) -> Any:
    config, _ = transformers.ProcessorMixin.get_processor_dict(folder, **_LOCAL)
    name = config.get("processor_class") or _class_of(folder)
    kind = getattr(transformers, str(name), None)
    if not isinstance(kind, type) or not issubclass(kind, transformers.ProcessorMixin):
        raise CannotLoad("unsupported", f"its processor {name} is not known here")

    class PicturesOnly(kind):  # type: ignore[valid-type, misc]
        def check_argument_for_proper_class(self, _name: str, argument: Any) -> Any:
            return type(argument)

    parts = transformers.AutoImageProcessor.from_pretrained(folder, **_LOCAL)
    words = transformers.AutoTokenizer.from_pretrained(folder, **_LOCAL)
    return PicturesOnly(parts, words, _NoVideos(parts))


def _class_of(folder: Path) -> str | None:
    """By the model's type, where the folder names no processor."""
    config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL)
    known: Mapping[str, str] = transformers.models.auto.processing_auto.PROCESSOR_MAPPING_NAMES
    return known.get(config.model_type)


class _NoVideos:
    """In the place of a processor for videos, which no call has here."""

    model_input_names: tuple[str, ...] = ()

    def __init__(self, pictures: Any) -> None:
        self.merge_size = getattr(pictures, "merge_size", 1)
