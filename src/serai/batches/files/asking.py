"""What is asked for a row. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from serai.batches.files.sheet import TEXT, Row
from serai.errors import BadRequest
from serai.tasks.declaration import Task
from serai.tasks.families import family_of
from serai.types import CHAT, Call, Principal, Wishes

_LIKELY = (TEXT, "inputs", "input", "prompt", "question", "message", "sentence", "content")
"""Columns that hold what is asked, where nobody says which does."""

_MARK = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a row becomes a call: the text of `column`, or `template` with the columns that it names in braces, or else
    what the task takes, from the columns called so. `private`: no row leaves this machine."""

    model: str
    task: str
    column: str = ""
    template: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    cache: bool | None = None
    private: bool = False

    def call(self, row: Row, who: Principal) -> Call:
        """Raises BadRequest for a row that does not say what is asked."""
        if row.fault:
            raise BadRequest(row.fault)
        return Call(
            task=self.task,
            model=self.model,
            inputs=family(self.task).check_inputs(self.task, self.inputs(row.values)),
            settings=self.settings,
            principal=who,
            wishes=Wishes(priority="low", cache=self.cache, private=self.private, dialect="native"),
        )

    def inputs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The task's input. Raises BadRequest where the row lacks a column."""
        if self.task == CHAT:
            return self._chat(values)
        fields = list(family(self.task).inputs[self.task].model_fields)
        found = {name: values[name] for name in fields if name in values and values[name] is not None}
        if self.template or self.column or (len(fields) == 1 and not found):
            found[fields[0]] = self._text(values)
        return found

    def _chat(self, values: Mapping[str, Any]) -> dict[str, Any]:
        if not self.column and not self.template and isinstance(values.get("messages"), list):
            return {name: values[name] for name in ("messages", "tools", "tool_choice") if values.get(name) is not None}
        return {"messages": [{"role": "user", "content": self._text(values)}]}

    def _text(self, values: Mapping[str, Any]) -> str:
        if self.template:
            return filled(self.template, values)
        if self.column:
            return _cell(values, self.column)
        if len(values) == 1:
            return _cell(values, next(iter(values)))
        for name in _LIKELY:
            if name in values:
                return _cell(values, name)
        raise BadRequest(
            "Nothing says which column holds what is asked.", hint=f"Name a column: {_named(values)}.", param="column"
        )


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A text with the columns that it names in braces; `{{` and `}}` are braces. Raises BadRequest for a column that
    the row lacks."""
    braces = {"{{": "{", "}}": "}"}
    return _MARK.sub(lambda mark: braces.get(mark[0]) or _cell(values, mark[1].strip()), template)


def family(task: str) -> Task:
    """Raises BadRequest for a task that there is not."""
    found = family_of(task)
    if found is None:
        raise BadRequest(f"There is no task {task[:80]!r}.", param="task")
    return found


def _cell(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        raise BadRequest(f"The row has no column {name[:80]!r}.", hint=f"It has: {_named(values)}.", param="column")
    value = values[name]
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(str(name)[:80] for name in list(values)[:20]) or "none"
