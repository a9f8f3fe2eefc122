"""A Go template of Ollama's as a Jinja template: both forms, over all messages and over one turn.

Texts are written as literals and all that stands between is trimmed, so that no white space comes from the translation
itself. Go's variables live longer than a loop's round, so they are attributes of one namespace; a name is used once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from serai.hub.adopt.gotext.expressions import Scope, Value, literal, shown, value
from serai.hub.adopt.gotext.lexing import Untranslatable, pieces
from serai.hub.adopt.gotext.parsing import Branch, Jump, Node, Show, Text, parse

LONGEST = 32_000
_LOOPS = 4
_MERGED = """\
{%- set go = namespace(system='', messages=[], prompt='', response='', turns=[], last=false) -%}
{%- for message in messages -%}
{%- set content = message.content if message.content else '' -%}
{%- if message.role == 'system' -%}{%- set go.system = go.system ~ '\\n\\n' ~ content if go.system else content -%}\
{%- endif -%}
{%- if go.messages and go.messages[-1]['role'] == message.role and message.role != 'tool' -%}
{%- set before = go.messages[-1] -%}
{%- set go.messages = go.messages[:-1] + [{'role': message.role, 'content': before['content'] ~ '\\n\\n' ~ content, \
'tool_calls': before['tool_calls'] or message.tool_calls, 'reasoning_content': before['reasoning_content'], \
'name': before['name'], 'tool_call_id': before['tool_call_id']}] -%}
{%- else -%}
{%- set go.messages = go.messages + [{'role': message.role, 'content': content, 'tool_calls': message.tool_calls, \
'reasoning_content': message.reasoning_content, 'name': message.name, 'tool_call_id': message.tool_call_id}] -%}
{%- endif -%}
{%- endfor -%}
"""
"""As Ollama does: neighbours of one role are one message, and all that the system says is told beside them, too."""

_TURNS = """\
{%- set go.system = '' -%}
{%- for message in go.messages -%}
{%- if go.response and message.role in ['system', 'user'] or go.prompt and message.role == 'system' -%}
{%- set go.turns = go.turns + [[go.system, go.prompt, go.response]] -%}
{%- set go.system = '' -%}{%- set go.prompt = '' -%}{%- set go.response = '' -%}
{%- endif -%}
{%- if message.role == 'system' -%}{%- set go.system = message.content -%}
{%- elif message.role == 'user' -%}{%- set go.prompt = message.content -%}
{%- elif message.role == 'assistant' -%}{%- set go.response = message.content -%}{%- endif -%}
{%- endfor -%}
{%- set go.turns = go.turns + [[go.system, go.prompt, go.response]] -%}
{%- for turn in go.turns -%}
{%- set go.system = turn[0] -%}{%- set go.prompt = turn[1] -%}{%- set go.response = turn[2] -%}
{%- set go.last = loop.last -%}
"""
"""As Ollama does for templates of one turn: each is rendered in its place."""


def translate(template: str) -> str:
    """Raises Untranslatable."""
    if len(template) > LONGEST:
        raise Untranslatable("it is too long")
    nodes = parse(pieces(template))
    names = set(_fields_of(nodes))
    turns = "Messages" not in names
    if turns and "Response" not in names:
        nodes = (*nodes, Show((".Response",)))
    body = "".join(_Writer(turns).written(nodes, Scope(None, {}), 0))
    text = _MERGED + (f"{_TURNS}{body}{{%- endfor -%}}" if turns else body)
    if len(text) > LONGEST:
        raise Untranslatable("it is too long")
    return text


def _fields_of(nodes: Iterable[Node]) -> Iterator[str]:
    """The names of all fields that are read."""
    for node in nodes:
        if isinstance(node, Show | Branch):
            for word in node.words:
                if word[0] in ".$)":
                    yield from word.split(".")
        if isinstance(node, Branch):
            yield from _fields_of((*node.then, *node.otherwise))


class _Writer:
    """Of the last turn, all that is written after the place of the answer is left out: that is for the model."""

    def __init__(self, turns: bool) -> None:
        self._turns = turns
        self._answered = False
        self._count = 0

    def written(self, nodes: Iterable[Node], scope: Scope, loops: int) -> Iterator[str]:
        """Raises Untranslatable."""
        variables = dict(scope.variables)
        for node in nodes:
            after = self._answered
            yield "{%- if not go.last -%}" if after else ""
            match node:
                case Text():
                    yield f"{{{{- {literal(node.text)} -}}}}"
                case Jump():
                    yield f"{{%- {node.kind} -%}}"
                case Show():
                    yield self._shown(node.words, replace(scope, variables=variables), variables)
                case Branch():
                    yield from self._branch(node, replace(scope, variables=dict(variables)), loops)
            yield "{%- endif -%}" if after else ""

    def _shown(self, words: Sequence[str], scope: Scope, variables: dict[str, Value]) -> str:
        if len(words) > 2 and words[1] in {":=", "="} and words[0].startswith("$"):
            found = value(words[2:], scope)
            if words[1] == "=" and words[0] not in variables:
                raise Untranslatable(f"`{words[0]}` is not set")
            place = variables[words[0]].jinja if words[1] == "=" else self._place()
            variables[words[0]] = Value(place, found.is_text, found.is_map)
            return f"{{%- set {place} = {found.jinja} -%}}"
        found = shown(value(words, scope))
        if self._turns and any("Response" in word.split(".") for word in words):
            self._answered = True
        if found.is_text:
            return f"{{{{- ({found.jinja} or '') -}}}}"
        said = found.jinja
        return f"{{{{- ({said} if {said} is string else {said} | tojson if {said} is defined else '') -}}}}"

    def _branch(self, node: Branch, scope: Scope, loops: int) -> Iterator[str]:
        if node.kind == "range":
            yield from self._range(node, scope, loops)
            return
        inner, words = scope, node.words
        if node.kind == "with" or (len(words) > 2 and words[1] == ":="):
            variable, words = (words[0], words[2:]) if len(words) > 2 and words[1] == ":=" else ("", words)
            found, place = value(words, scope), self._place()
            yield f"{{%- set {place} = {found.jinja} -%}}"
            held = Value(place, found.is_text, found.is_map)
            inner = replace(scope, dot=held) if node.kind == "with" else scope
            inner = replace(inner, variables={**scope.variables, **({variable: held} if variable else {})})
            condition = place
        else:
            condition = value(words, scope).jinja
        yield f"{{%- if {condition} -%}}"
        yield from self._bodies(node, inner, scope, loops)
        yield "{%- endif -%}"

    def _bodies(self, node: Branch, inner: Scope, outer: Scope, loops: int) -> Iterator[str]:
        yield from self.written(node.then, inner, loops)
        if node.otherwise:
            yield "{%- else -%}"
            yield from self.written(node.otherwise, outer, loops)

    def _range(self, node: Branch, scope: Scope, loops: int) -> Iterator[str]:
        if loops >= _LOOPS:
            raise Untranslatable("its loops are nested too deeply")
        words, names = node.words, list[str]()
        if ":=" in words:
            names, words = [word for word in words[: words.index(":=")] if word != ","], words[words.index(":=") + 1 :]
        over = value(words, scope)
        self._count += 1
        item, key = f"item{self._count}", f"key{self._count}"
        if over.is_map:
            yield f"{{%- for {key}, {item} in {over.jinja} | dictsort -%}}"
        else:
            yield f"{{%- for {item} in {over.jinja} -%}}"
        inner = Scope(Value(item), dict(scope.variables))
        given = [(names[-1], Value(item))] if names else []
        if len(names) > 1:
            place = self._place()
            yield f"{{%- set {place} = {key if over.is_map else 'loop.index0'} -%}}"
            given.append((names[0], Value(place, is_text=over.is_map)))
        yield from self._bodies(node, replace(inner, variables={**inner.variables, **dict(given)}), scope, loops + 1)
        yield "{%- endfor -%}"

    def _place(self) -> str:
        self._count += 1
        return f"go.v{self._count}"
