"""One plain form for every question: the chat template writes it when the guide is asked, training uses it too.

Case, punctuation, umlauts, Arabic letters and the Persian joiner carry no meaning here and cost a tiny model dearly.
"""

from __future__ import annotations

LETTERS = {
    "Ä": "ae", "ä": "ae", "Ö": "oe", "ö": "oe", "Ü": "ue", "ü": "ue", "ß": "ss", "é": "e",
    "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "آ": "ا", "أ": "ا", "إ": "ا", "ة": "ه", "ۀ": "ه", "ؤ": "و",
}  # fmt: skip
NOTHING = "'’‘`´ًٌٍَُِّْٔ"
SPACE = '\u200c\u200d\u200e\u200f\u00a0\ufeff\n\r\t.,;:!?؟،؛…"„“”«»()[]{}<>|/\\-–—_+*=~#→&@$%^'
JOINED = {" می ": " می", " نمی ": " نمی", " ها ": "ها ", " های ": "های ", " هایم ": "هایم ", " تر ": "تر "}

_TABLE = str.maketrans({**LETTERS, **dict.fromkeys(NOTHING, ""), **dict.fromkeys(SPACE, " ")})


def normal(text: str) -> str:
    """The question as the model sees it: lower case, letters and digits, single spaces; may be empty."""
    plain = f" {text.lower().translate(_TABLE)} "
    for _ in range(4):
        plain = plain.replace("  ", " ")
    for apart, joined in JOINED.items():
        plain = plain.replace(apart, joined)
    return plain.strip()


def chat_template() -> str:
    """A Jinja template that renders the last user message alone, in its plain form, as ChatML."""
    steps = [*LETTERS.items(), *((sign, "") for sign in NOTHING), *((sign, " ") for sign in SPACE)]
    plain = "(' ' ~ (ask.text | lower)" + "".join(f".replace({_quoted(old)}, {_quoted(new)})" for old, new in steps)
    plain += " ~ ' ')" + ".replace('  ', ' ')" * 4
    plain += "".join(f".replace({_quoted(old)}, {_quoted(new)})" for old, new in JOINED.items())
    return (
        "{%- set ask = namespace(text='') -%}"
        "{%- for m in messages if m['role'] == 'user' -%}{%- set ask.text = m['content'] -%}{%- endfor -%}"
        "{{- '<|im_start|>user\\n ' ~ (" + plain + " | trim) ~ '<|im_end|>\\n' -}}"
        "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
    )


def prompt(plain: str) -> str:
    """What the template renders for a question that is in its plain form already."""
    return f"<|im_start|>user\n {plain}<|im_end|>\n<|im_start|>assistant\n"


def _quoted(text: str) -> str:
    """A Jinja string literal."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "'" + "".join(escapes.get(sign, sign) for sign in text) + "'"
