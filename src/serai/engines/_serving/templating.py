"""The child that renders chat templates: `python -m serai.engines._serving.templating`, spoken to by lines of JSON.

A template comes with a model, so it is foreign code. It runs in Jinja's sandbox, in a process of its own that has a
bounded address space and, for each rendering, bounded processor time; whatever it does there, it can be ended."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY = 768 * 1024 * 1024
LONGEST = 64 * 1024 * 1024


class Generation(Extension):
    """`{% generation %}` marks for trainers what the model wrote; here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own form

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Refusal(Exception):
    """What a template says by `raise_exception`."""


def compile_template(text: str) -> Callable[..., str]:
    """The template in the surroundings that those of the hub are written for. Raises TemplateError."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: datetime.now().astimezone().strftime(form)
    return environment.from_string(text).render


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None, **more: Any) -> str:
    """Unlike Jinja's own: no escapes for HTML, which a prompt is not."""
    known = {name: more[name] for name in ("separators", "sort_keys") if name in more}
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **known)


def _refuse(message: str) -> NoReturn:
    raise Refusal(message)


def answer(render: Callable[..., str], line: bytes) -> dict[str, str]:
    """One rendering: `{"text": …}`, or `{"error": …}` in words."""
    try:
        text = render(**json.loads(line))
    except MemoryError:
        return {"error": "it takes too much memory"}
    except RecursionError:
        return {"error": "it calls itself without end"}
    except Exception as error:  # whatever foreign code may raise
        return {"error": str(error)[:500] or type(error).__name__}
    return {"text": text} if len(text) <= LONGEST else {"error": "it writes too much"}


def main() -> None:
    """The first line is `{"template": …, "seconds": …}`; each further one holds a template's variables."""
    first = json.loads(sys.stdin.buffer.readline())
    _limit_memory()
    _limit_time(first["seconds"])  # Jinja computes what is constant while it compiles
    try:
        render = compile_template(first["template"])
    except (TemplateError, RecursionError, MemoryError) as error:
        problem = str(error)[:500] or type(error).__name__
        render = lambda **_variables: _refuse(problem)  # noqa: E731
    _limit_time(0)
    for line in sys.stdin.buffer:
        _limit_time(first["seconds"])
        told = json.dumps(answer(render, line)).encode() + b"\n"
        _limit_time(0)
        sys.stdout.buffer.write(told)
        sys.stdout.buffer.flush()


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """SIGPROF's default action ends the process, also in the middle of one long operation; 0 takes the limit off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    main()
