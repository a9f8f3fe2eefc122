"""A model's tokens, by the files in its folder: tokenizer.json and what the files beside it say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from serai.engines._serving.refused import CannotLoad
from serai.engines._teaching import taught

PLAIN_CHAT = (
    "{% for m in messages %}{{ m.role | capitalize }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For models that were not made for chats; they go on with the other side too, unless they are stopped."""
PLAIN_STOP = ("\nUser:", "\nSystem:")
LAST_MESSAGE = "{{ messages[-1].content }}"
"""For models that read a source and do not go on from it."""

_SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`ends` are the tokens that end an answer, `specials` their names' texts for templates, `tool_template` is for
    chats with tools; `plain` says that the model was not made for chats, and the template is Serai's."""

    tokenizer: Tokenizer
    ends: frozenset[int]
    specials: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    tool_template: str = ""
    plain: bool = False

    @property
    def size(self) -> int:
        return int(self.tokenizer.get_vocab_size(with_added_tokens=True))

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text; `special` adds what the model wants at a beginning, which rendered chats hold already."""
        return list(self.tokenizer.encode(text, add_special_tokens=special).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def spell(self, token: int) -> str:
        """One token alone, special ones by their name."""
        return str(self.tokenizer.decode([token], skip_special_tokens=False))


def read(folder: Path, tokenizer: Tokenizer | None = None, template: str = "") -> Vocabulary:
    """The vocabulary of the model in the folder; `tokenizer` where the caller has made it from other files, `template`
    in place of its own. Raises CannotLoad."""
    if tokenizer is None:
        tokenizer = _tokenizer(folder / "tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    config = read_json(folder / "tokenizer_config.json")
    specials = {name: text for name in _SPECIAL if (text := _text(config.get(name)))}
    templates = {"default": template} if template else _templates(folder, config)
    default = templates.get("default", PLAIN_CHAT)
    return Vocabulary(
        tokenizer=tokenizer,
        ends=_ends(folder, tokenizer, specials.get("eos_token")),
        specials=specials,
        template=default,
        tool_template=templates.get("tool_use") or taught(default) or default,
        plain="default" not in templates,
    )


def read_json(path: Path) -> dict[str, Any]:
    """What a file of the folder says; nothing where there is none. Raises CannotLoad where it is not JSON."""
    try:
        said = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CannotLoad("truncated", f"{path.name} cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise CannotLoad("truncated", f"{path.name} does not hold what it should")
    return said


def _tokenizer(path: Path) -> Tokenizer:
    if not path.is_file():
        raise CannotLoad("missing", "its folder has no tokenizer.json")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise CannotLoad("truncated", f"tokenizer.json cannot be read: {error}") from error


def _text(token: Any) -> str:
    """A special token's text: the hub writes it plainly or as an object."""
    text = token.get("content") if isinstance(token, dict) else token
    return text if isinstance(text, str) else ""


def _templates(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """Chat templates by name: from a file of their own, else from the tokenizer's configuration."""
    own = folder / "chat_template.jinja"
    if own.is_file():
        return {"default": own.read_text("utf-8")} | {
            path.stem: path.read_text("utf-8")
            for path in sorted((folder / "additional_chat_templates").glob("*.jinja"))
        }
    said = read_json(folder / "chat_template.json").get("chat_template") or config.get("chat_template")
    if isinstance(said, str):
        return {"default": said}
    named = said if isinstance(said, list) else []
    return {str(one.get("name")): str(one.get("template")) for one in named if isinstance(one, dict)}


def _ends(folder: Path, tokenizer: Tokenizer, eos: str | None) -> frozenset[int]:
    ends: set[int] = set()
    for name in ("generation_config.json", "config.json"):
        said = read_json(folder / name).get("eos_token_id")
        ends.update(said if isinstance(said, list) else [said] if isinstance(said, int) else [])
    if eos is not None and (token := tokenizer.token_to_id(eos)) is not None:
        ends.add(token)
    return frozenset(ends)
