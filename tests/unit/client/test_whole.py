"""The client has a method for everything that the native API offers."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest

import serai
from serai import endpoints
from serai.api.all import describe
from serai.endpoints import Request

SHAPES: dict[str, Any] = {
    f"{module.__name__}.{name}": shape
    for found in pkgutil.iter_modules(endpoints.__path__, "serai.endpoints.")
    for module in [importlib.import_module(found.name)]
    if not found.name.rpartition(".")[2].startswith("_")
    for name, shape in vars(module).items()
    if inspect.isfunction(shape) and shape.__module__ == module.__name__ and not name.startswith("_")
}
INNER = {
    "reading": "read",
    "listening": "events",
    "set_": "set",
    "batch_file": "send_batch_file",
    "batch_output": "save_batch",
}
"""Shapes whose method has another name."""
ELSEWHERE = {
    "GET /api/v1/models/{name}/fit": "`fit` asks for the same",
    "GET /api/v1/hub/picture": "for pages: a picture of a card, not JSON",
}


def asked(shape: Any) -> str:
    """`GET /api/v1/models/{name}`, with what the shape puts into the path as OpenAPI's braces."""
    wanted = inspect.signature(shape).parameters.values()
    marks = {p.name: f"~{p.name}~" for p in wanted if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    request: Request[Any] = shape(**marks)
    return f"{request.method} {re.sub(r'~[a-z_]+~', '{}', request.path)}"


def offered() -> list[str]:
    paths = describe().openapi()["paths"]
    return [
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        if path.startswith("/api/v1/")
        for method in methods
    ]


def test_every_operation_of_the_native_api_is_a_method() -> None:
    reached = {asked(shape) for shape in SHAPES.values()}
    missing = [what for what in offered() if " /api/v1/" in what and re.sub(r"{[^}]*}", "{}", what) not in reached]
    assert sorted(missing) == sorted(ELSEWHERE)


def test_every_shape_asks_for_something_that_is_offered() -> None:
    known = {
        re.sub(r"{[^}]*}", "{}", f"{m.upper()} {p}") for p, of in describe().openapi()["paths"].items() for m in of
    }
    assert {asked(shape) for shape in SHAPES.values()} <= known


@pytest.mark.parametrize("client", [serai.Client, serai.AsyncClient])
def test_every_shape_is_a_method_of_both_clients(client: type) -> None:
    names = [INNER.get(name, name) for name in (shape.__name__ for shape in SHAPES.values())]
    assert [name for name in names if not hasattr(client, name)] == []


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_says_what_it_is_for(name: str) -> None:
    assert SHAPES[name].__doc__
