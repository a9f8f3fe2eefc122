"""One plain form for every question: the chat template writes it when the guide is asked, training uses it too.

Case, punctuation, umlauts, Arabic letters and the Persian joiner carry no meaning here and cost a tiny model dearly.
What the model reads at last is spelled: every word, and after it each three neighbouring letters of it, so that words
it never saw still look like those it knows. Persian is spelled in capitals, since llama.cpp's templates cut bytes.
"""

from __future__ import annotations

LETTERS = {
    "Ä": "ae", "ä": "ae", "Ö": "oe", "ö": "oe", "Ü": "ue", "ü": "ue", "ß": "ss", "é": "e",
    **{digit: str(n) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for n, digit in enumerate(digits)},
    "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "آ": "ا", "أ": "ا", "إ": "ا", "ة": "ه", "ۀ": "ه", "ؤ": "و",
}  # fmt: skip
NOTHING = "'’‘`´ًٌٍَُِّْٔ"
SPACE = '\u200c\u200d\u200e\u200f\u00a0\ufeff\n\r\t.,;:!?؟،؛…"„“”«»()[]{}<>|/\\-–—_+*=~#→&@$%^'
JOINED = {" ی ": " ", " می ": " می", " نمی ": " نمی", " ها ": "ها ", " های ": "های ", " هایم ": "هایم ", " تر ": "تر "}

CAPITALS = {
    "ا": "A", "ب": "B", "پ": "P", "ت": "T", "ط": "T", "ث": "S", "س": "S", "ص": "S", "ج": "J", "چ": "C", "ح": "H",
    "ه": "H", "خ": "X", "د": "D", "ذ": "Z", "ز": "Z", "ض": "Z", "ظ": "Z", "ر": "R", "ژ": "O", "ش": "W", "ع": "E",
    "ف": "F", "ق": "Q", "غ": "Q", "ک": "K", "گ": "G", "ل": "L", "م": "M", "ن": "N", "و": "U", "ی": "Y",
}  # fmt: skip
EDGE = "I"
"""Stands at both ends of a spelled word."""

_TABLE = str.maketrans({**LETTERS, **dict.fromkeys(NOTHING, ""), **dict.fromkeys(SPACE, " ")})


def normal(text: str) -> str:
    """The question as the model sees it: lower case, letters and digits, single spaces; may be empty."""
    plain = f" {text.lower().translate(_TABLE)} "
    for _ in range(4):
        plain = plain.replace("  ", " ")
    for apart, joined in JOINED.items():
        plain = plain.replace(apart, joined)
    return plain.strip()


_CAPITALS = str.maketrans(CAPITALS)


def spelled(plain: str) -> str:
    """The words of a plain question, each followed by its letters in threes, its edges marked."""
    read = []
    for word in plain.translate(_CAPITALS).split(" "):
        edged = f"{EDGE}{word}{EDGE}".encode()
        read.append(edged)
        if len(edged) > 3:
            read += [edged[at : at + 3] for at in range(len(edged) - 2)]
    return b" ".join(read).decode("utf-8", "replace")


def chat_template() -> str:
    """A Jinja template that renders the last user message alone, spelled, as ChatML."""
    first = [*LETTERS.items(), *((sign, "") for sign in NOTHING), *((sign, " ") for sign in SPACE)]
    then = [*[("  ", " ")] * 4, *JOINED.items()]
    return (
        "{%- set ask = namespace(text='') -%}"
        "{%- for m in messages if m['role'] == 'user' -%}{%- set ask.text = m['content'] -%}{%- endfor -%}"
        "{%- set ask.text = ask.text | lower -%}" + _replacing(first) + "{%- set ask.text = ' ' ~ ask.text ~ ' ' -%}"
        + _replacing(then) + "{%- set ask.text = ask.text | trim -%}" + _replacing(list(CAPITALS.items()))
        + "{{- '<|im_start|>user\\n' -}}"
        "{%- for word in ask.text.split(' ') -%}"
        f"{{%- set edged = '{EDGE}' ~ word ~ '{EDGE}' -%}}"
        "{{- ' ' ~ edged -}}"
        "{%- if edged | length > 3 -%}"
        "{%- for at in range((edged | length) - 2) -%}{{- ' ' ~ edged[at:at + 3] -}}{%- endfor -%}"
        "{%- endif -%}"
        "{%- endfor -%}"
        "{{- '<|im_end|>\\n' -}}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
    )  # fmt: skip


def _replacing(pairs: list[tuple[str, str]]) -> str:
    """A loop that replaces the first of each pair by the second."""
    listed = ", ".join(f"[{_quoted(old)}, {_quoted(new)}]" for old, new in pairs)
    return f"{{%- for p in [{listed}] -%}}{{%- set ask.text = ask.text.replace(p[0], p[1]) -%}}{{%- endfor -%}}"


def prompt(plain: str) -> str:
    """What the template renders for a question that is in its plain form already."""
    return f"<|im_start|>user\n {spelled(plain)}<|im_end|>\n<|im_start|>assistant\n"


def _quoted(text: str) -> str:
    """A Jinja string literal."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "'" + "".join(escapes.get(sign, sign) for sign in text) + "'"
