"""Chat templates: what those of the hub need works, and what hostile ones try does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from serai.engines._serving.refused import Refused
from serai.engines._serving.renderer import Renderer

pytestmark = pytest.mark.engine
MESSAGES = [{"role": "user", "content": "سلام <b> & 'x'"}]
Make = Callable[..., Renderer]


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Renderer] = []

    def renderer(template: str, **limits: Any) -> Renderer:
        made.append(Renderer(template, **limits))
        return made[-1]

    yield renderer
    for one in made:
        await one.stop()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ messages[0].content }}", "سلام <b> & 'x'"),
        ("{{ messages | tojson }}", '[{"role": "user", "content": "سلام <b> & \'x\'"}]'),
        ("{% for m in messages %}{% if loop.first %}{{ m.role }}{% break %}{% endif %}{% endfor %}", "user"),
        ("{% generation %}x{% endgeneration %}{{ bos_token }}", "x<s>"),
        ("a\n  {% if true %}\nb\n  {% endif %}\nc", "a\nb\nc"),
        ("{{ strftime_now('%Y') | length }}", "4"),
        ("{{ tools is none }}{{ missing is defined }}", "TrueFalse"),
        ("{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "3"),
    ],
)
async def test_what_templates_of_the_hub_need(make: Make, template: str, text: str) -> None:
    assert await make(template).render({"messages": MESSAGES, "tools": None, "bos_token": "<s>"}) == text


async def test_a_template_may_refuse_in_its_own_words(make: Make) -> None:
    with pytest.raises(Refused, match="only users here") as caught:
        await make("{{ raise_exception('only users here') }}").render({})
    assert caught.value.status == 400


HOSTILE = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "one long operation": "{{ (9 ** (n ** 9)) | string | length }}",
    "allocates": "{% set ns = namespace(s='xx') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
    "allocates at once": "{{ 'x' * 10 ** 12 }}",
    "writes without end": "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
    "calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "is no template": "{% for %}",
    "nests": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "reads files": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "reaches out": "{{ messages.__init__.__globals__ }}",
    "changes what it is given": "{{ messages.append(1) }}",
    "imports": "{% include '/etc/passwd' %}",
    "formats its way out": "{{ '{0.__class__.__mro__}'.format(1) }}",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_template_is_refused_and_the_next_call_works(make: Make, name: str) -> None:
    renderer = make("{% if evil %}" + HOSTILE[name] + "{% else %}fine{% endif %}", seconds=0.5)
    with pytest.raises(Refused):
        await renderer.render({"evil": True, "messages": MESSAGES, "n": 9})
    if name not in {"is no template", "nests"}:
        assert await renderer.render({"evil": False}) == "fine"


@pytest.mark.parametrize("template", ["{{ 9 ** (9 ** 9) }}", "{{ 'x' * 10 ** 12 }}"])
async def test_what_is_computed_while_compiling_is_bounded_too(make: Make, template: str) -> None:
    with pytest.raises(Refused):
        await make(template, seconds=0.5).render({})


async def test_a_caller_that_goes_away_leaves_no_answer_for_the_next(make: Make) -> None:
    renderer = make("{% for a in range(n) %}{% for b in range(n) %}{% endfor %}{% endfor %}{{ n }}")
    goes = asyncio.create_task(renderer.render({"n": 1500}))
    await asyncio.sleep(0)
    goes.cancel()
    await asyncio.wait([goes])
    assert await renderer.render({"n": 3}) == "3"


async def test_a_child_that_was_killed_is_started_again(make: Make) -> None:
    renderer = make("x")
    assert await renderer.render({}) == "x"
    assert renderer._child is not None
    renderer._child.kill()
    await renderer._child.wait()
    with pytest.raises(Refused):
        await renderer.render({})
    assert await renderer.render({}) == "x"
