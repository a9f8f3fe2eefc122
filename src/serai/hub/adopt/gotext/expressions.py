"""Values of a Go template as expressions of Jinja."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from serai.hub.adopt.gotext.lexing import Untranslatable, text_of

ROOT: Mapping[str, str] = {
    "System": "go.system",
    "Prompt": "go.prompt",
    "Response": "go.response",
    "Suffix": "''",
    "Messages": "go.messages",
    "Tools": "(tools or [])",
    "Think": "(enable_thinking | default(false))",
    "IsThinkSet": "(enable_thinking is defined)",
    "ThinkLevel": "(reasoning_effort | default(''))",
}
"""What Ollama hands to a template, in what engines hand to one."""

_TEXTS = {
    **{"Role": "role", "Content": "content", "Name": "name", "Description": "description", "Type": "type"},
    **{"Thinking": "reasoning_content", "ToolName": "name", "ToolCallID": "tool_call_id", "ID": "id"},
}
_OTHERS = {"ToolCalls": "tool_calls", "Function": "function", "Arguments": "arguments", "Images": "images"}
_OTHERS |= {"Parameters": "parameters", "Properties": "properties", "Required": "required"}
_OTHERS |= {"Enum": "enum", "Items": "items", "Index": "index"}
_MAPS = ("Arguments", "Properties")
_DEEPEST = 12
_LONGEST = 2000
_COMPARED = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


@dataclass(frozen=True, slots=True)
class Value:
    """`is_text` where it certainly is one; `is_map` where its keys are gone through with their values."""

    jinja: str
    is_text: bool = False
    is_map: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What `.` is, None at the root, and the variables by name."""

    dot: Value | None
    variables: Mapping[str, Value]


def value(words: Sequence[str], scope: Scope) -> Value:
    """A pipeline. Raises Untranslatable."""
    reader = _Reader(words, scope)
    found = reader.pipeline()
    if reader.rest:
        raise Untranslatable(f"{reader.rest[0]!r} is not expected there")
    return found


def literal(text: str) -> str:
    """A text as Jinja's own literal."""
    for char, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(char, escaped)
    return f"'{text}'"


class _Reader:
    """Reads words from the left."""

    def __init__(self, words: Sequence[str], scope: Scope) -> None:
        self.rest = list(words)
        self._scope = scope
        self._depth = 0

    def pipeline(self) -> Value:
        found = self._command([])
        while self.rest and self.rest[0] == "|":
            self.rest.pop(0)
            found = self._command([found])
        return found

    def _command(self, piped: list[Value]) -> Value:
        """A function with its operands, the piped one last, or a value alone."""
        function = self.rest.pop(0) if self.rest and self.rest[0] in _FUNCTIONS else ""
        operands = []
        while self.rest and self.rest[0][0] not in "|)":
            operands.append(self._operand())
        operands += piped
        if function:
            found = _FUNCTIONS[function](operands)
            if len(found.jinja) > _LONGEST:
                raise Untranslatable("an expression is too long")
            return found
        if len(operands) != 1:
            raise Untranslatable("a value alone was expected")
        return operands[0]

    def _operand(self) -> Value:
        if not self.rest:
            raise Untranslatable("a value is missing")
        word = self.rest.pop(0)
        if word == "(":
            return self._within()
        if word[0] in '"`':
            return Value(literal(text_of(word)), is_text=True)
        if word.lstrip("-").isdigit() or word in {"true", "false"}:
            return Value(word)
        if word[0] in ".$":
            return self._place(word)
        raise Untranslatable(f"`{word}` is not translated")

    def _within(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Untranslatable("an expression is nested too deeply")
        found = self.pipeline()
        self._depth -= 1
        if not self.rest or not self.rest[0].startswith(")"):
            raise Untranslatable("a parenthesis is not closed")
        fields = self.rest.pop(0)[1:]
        return _fields(Value(f"({found.jinja})", found.is_text, found.is_map), fields.split(".")[1:])

    def _place(self, word: str) -> Value:
        """`.`, `.Role`, `$`, `$.Tools`, `$message.Content`."""
        head, *names = word.split(".")
        names = [name for name in names if name]
        if head not in {"", "$"}:
            if head not in self._scope.variables:
                raise Untranslatable(f"`{head}` is not set")
            return _fields(self._scope.variables[head], names)
        if head == "" and self._scope.dot is not None:
            return _fields(self._scope.dot, names)
        if not names or names[0] not in ROOT:
            raise Untranslatable(f"`{word}` is not translated")
        texts = names[0] in {"System", "Prompt", "Response", "Suffix", "ThinkLevel"}
        return _fields(Value(ROOT[names[0]], is_text=texts), names[1:])


def _fields(of: Value, names: Sequence[str]) -> Value:
    for name in names:
        known = _TEXTS.get(name) or _OTHERS.get(name)
        if known is None:
            raise Untranslatable(f"the field `.{name}` is not translated")
        of = Value(f"{of.jinja}['{known}']", is_text=name in _TEXTS, is_map=name in _MAPS)
    return of


def _compare(sign: str) -> Callable[[Sequence[Value]], Value]:
    def compare(of: Sequence[Value]) -> Value:
        if len(of) < 2 or (len(of) > 2 and sign != "=="):
            raise Untranslatable("a comparison has not two sides")
        return Value("(" + " or ".join(f"{of[0].jinja} {sign} {other.jinja}" for other in of[1:]) + ")")

    return compare


def _joined(word: str) -> Callable[[Sequence[Value]], Value]:
    return lambda of: Value("(" + f" {word} ".join(one.jinja for one in _some(of)) + ")")


def _not(of: Sequence[Value]) -> Value:
    return Value(f"(not {_only(of).jinja})")


def _length(of: Sequence[Value]) -> Value:
    return Value(f"({_only(of).jinja} | length)")


def _json(of: Sequence[Value]) -> Value:
    return Value(f"({shown(_only(of)).jinja} | tojson)", is_text=True)


def shown(of: Value) -> Value:
    """A value that is to be written. Raises Untranslatable for all messages at once: llama.cpp loads no model whose
    template writes them so."""
    if of.jinja == ROOT["Messages"]:
        raise Untranslatable("all messages at once are not written")
    return of


def _index(of: Sequence[Value]) -> Value:
    return Value(_some(of)[0].jinja + "".join(f"[{place.jinja}]" for place in of[1:]))


def _slice(of: Sequence[Value]) -> Value:
    if not 2 <= len(of) <= 3:
        raise Untranslatable("`slice` has not two or three operands")
    return Value(f"{of[0].jinja}[{of[1].jinja}:{of[2].jinja if len(of) == 3 else ''}]", is_text=of[0].is_text)


def _print(of: Sequence[Value]) -> Value:
    if not all(one.is_text for one in _some(of)):  # Go puts spaces between others
        raise Untranslatable("`print` of what is no text is not translated")
    return Value("(" + " ~ ".join(one.jinja for one in of) + ")", is_text=True)


def _today(of: Sequence[Value]) -> Value:
    del of
    return Value("strftime_now('%Y-%m-%d')", is_text=True)


def _some(of: Sequence[Value]) -> Sequence[Value]:
    if not of:
        raise Untranslatable("a function has nothing to work on")
    return of


def _only(of: Sequence[Value]) -> Value:
    if len(of) != 1:
        raise Untranslatable("a function has too much or nothing to work on")
    return of[0]


_FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    **{name: _compare(sign) for name, sign in _COMPARED.items()},
    **{"and": _joined("and"), "or": _joined("or"), "not": _not, "len": _length, "json": _json},
    **{"index": _index, "slice": _slice, "print": _print, "currentDate": _today},
}
