"""Settings: the only reader of the environment and of serai.toml; one typed tree.

A setting is declared once, in `declared`. Its place in serai.toml (`[server] port`), its environment variable
(`SERAI_SERVER_PORT`), its row in `serai config`, in the page and in the documentation all follow from that.
Order, strongest first: command line, environment, `.env`, `serai.toml`, default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

import platformdirs
import tomlkit
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from serai.declared import (
    Auth,
    Batches,
    Cache,
    Group,
    Hub,
    Logs,
    Models,
    Monitor,
    Outside,
    Page,
    Routing,
    Server,
    Settings,
    Storage,
)
from serai.errors import BadRequest, NotFound

__all__ = [
    "SECRET_ALIASES",
    "Auth",
    "Batches",
    "Cache",
    "Declaration",
    "Group",
    "Hub",
    "Loaded",
    "Logs",
    "Models",
    "Monitor",
    "Outside",
    "Page",
    "Reached",
    "Routing",
    "Server",
    "Settings",
    "SettingsFile",
    "Storage",
    "client",
    "declarations",
    "hf_home",
    "home",
    "settings_file",
]

_LISTED = "`serai config list` names them all."

SECRET_ALIASES: dict[str, tuple[str, ...]] = {
    "hf_token": ("HF_TOKEN", "HUGGINGFACE_API_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "jwt_secret": ("JWT_SECRET",),
    "otel_headers": ("OTEL_EXPORTER_OTLP_HEADERS",),
}
"""Secrets that may also come from the environment; they are never part of the tree above."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting as declared: enough to draw a form field, a table row or a line of documentation."""

    key: str
    group: str
    type: Literal["boolean", "integer", "number", "text", "choice", "list"]
    description: str
    default: Any
    env: tuple[str, ...]
    restart: bool
    choices: tuple[str, ...] = ()


def declarations() -> Iterator[Declaration]:
    """Every setting, in the order of the tree."""
    for group, group_field in Settings.model_fields.items():
        model = group_field.annotation
        assert isinstance(model, type) and issubclass(model, Group)
        for name, info in model.model_fields.items():
            yield _declare(group, name, info)


def _declare(group: str, name: str, info: FieldInfo) -> Declaration:
    extra = info.json_schema_extra
    assert isinstance(extra, dict) and isinstance(extra["aliases"], list)
    choices = tuple(str(c) for c in get_args(info.annotation)) if get_origin(info.annotation) is Literal else ()
    names: dict[Any, Any] = {bool: "boolean", int: "integer", float: "number", str: "text"}
    return Declaration(
        key=f"{group}.{name}",
        group=group,
        type="choice" if choices else names.get(info.annotation, "list"),
        description=info.description or "",
        default=info.default,
        env=(f"SERAI_{group}_{name}".upper(), *(str(a) for a in extra["aliases"])),
        restart=bool(extra["restart"]),
        choices=choices,
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings as they hold, and for every key the source its value came from."""

    settings: Settings
    sources: Mapping[str, str]


class SettingsFile:
    """serai.toml under SERAI_HOME with the environment over it. Reading it again picks up what others changed."""

    def __init__(self, home: Path, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> None:
        self.home = home
        self.path = home / "serai.toml"
        self.environ = environ
        self._overrides = dict(overrides or {})

    def load(self) -> Loaded:
        """Raises BadRequest naming the key, its source and what is expected when a value does not fit."""
        environment = self._environment()
        written = self._written()
        known = {declaration.key: declaration for declaration in declarations()}
        for key in written:
            if key not in known:
                raise BadRequest(f"serai.toml has an unknown setting {key!r}.", hint=_LISTED)
        tree: dict[str, dict[str, Any]] = {}
        sources: dict[str, str] = {}
        for key, declaration in known.items():
            value, source = self._find(declaration, environment, written)
            sources[key] = source
            if source != "default":
                group, name = key.split(".")
                tree.setdefault(group, {})[name] = _check(key, value, source)
        return Loaded(Settings.model_validate(tree), sources)

    def set(self, key: str, value: Any) -> None:
        """Writes one setting into serai.toml, keeping its comments. None removes it. Raises NotFound or BadRequest."""
        _field(key)
        checked = None if value is None else _check(key, value, "serai.toml")
        self._written()  # says in words when the file cannot be read
        document = tomlkit.parse(self.path.read_text("utf-8")) if self.path.exists() else tomlkit.document()
        group, name = key.split(".")
        if checked is None:
            document.get(group, {}).pop(name, None)
        else:
            document.setdefault(group, tomlkit.table())[name] = list(checked) if isinstance(checked, tuple) else checked
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self.path.with_suffix(".toml.partial")
        partial.write_text(tomlkit.dumps(document), "utf-8")
        partial.replace(self.path)

    def secret(self, name: str) -> str | None:
        """A secret that the environment or `.env` sets, by its usual names."""
        return self._first_of(SECRET_ALIASES.get(name, ()))

    def named(self, name: str) -> str | None:
        """What one variable of the environment or `.env` holds, for keys that their owner keeps there."""
        return self._first_of((name,))

    def secret_key(self) -> str | None:
        """SERAI_SECRET_KEY: what secrets at rest are encrypted with, in place of the file `secret.key`. After a comma
        stand older ones, which only decrypt what is not rotated yet."""
        return self._first_of(("SERAI_SECRET_KEY",))

    def _first_of(self, names: tuple[str, ...]) -> str | None:
        return next((values[name] for values in self._environment().values() for name in names if name in values), None)

    def _environment(self) -> dict[str, dict[str, str]]:
        """The environment and `.env`, stronger first. What is set to nothing counts as not set."""
        try:
            dotenv = dotenv_values(self.home / ".env")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f".env cannot be read: {error}", hint=f"Mend or remove {self.home / '.env'}.") from error
        return {
            "{}": {name: value for name, value in self.environ.items() if value},
            ".env ({})": {name: value for name, value in dotenv.items() if value},
        }

    def _written(self) -> dict[str, Any]:
        if not self.path.exists():
            return {}
        try:
            document = tomllib.loads(self.path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise BadRequest(f"serai.toml cannot be read: {error}", hint=f"Mend or remove {self.path}.") from error
        for group, content in document.items():
            if not isinstance(content, dict):
                raise BadRequest(f"serai.toml has an unknown setting {group!r}.", hint=_LISTED)
        return {f"{group}.{name}": value for group, content in document.items() for name, value in content.items()}

    def _find(
        self, declaration: Declaration, environment: Mapping[str, Mapping[str, str]], written: Mapping[str, Any]
    ) -> tuple[Any, str]:
        if declaration.key in self._overrides:
            return self._overrides[declaration.key], "command line"
        for source, values in environment.items():
            for name in declaration.env:
                if name in values:
                    return values[name], source.format(name)
        if declaration.key in written:
            return written[declaration.key], "serai.toml"
        return declaration.default, "default"


def _field(key: str) -> tuple[type[Group], str, FieldInfo]:
    """Where a setting is declared. Raises NotFound."""
    group, _, name = key.partition(".")
    model = Settings.model_fields[group].annotation if group in Settings.model_fields else None
    if not (isinstance(model, type) and issubclass(model, Group)) or name not in model.model_fields:
        raise NotFound(f"There is no setting {key!r}.", hint=_LISTED)
    return model, name, model.model_fields[name]


def _check(key: str, value: Any, source: str) -> Any:
    """The value as its declared type, or BadRequest in words."""
    model, name, info = _field(key)
    if info.annotation == tuple[str, ...] and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return getattr(model.model_validate({name: value}), name)
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise BadRequest(
            f"{key} = {value!r} (from {source}) does not fit: {problem}.", hint=str(info.description), key=key
        ) from error


class Reached(NamedTuple):
    """How clients of this environment reach Serai."""

    url: str | None
    key: str | None


def client(environ: Mapping[str, str] | None = None) -> Reached:
    """SERAI_URL and SERAI_API_KEY: the server that clients speak to, and the key that they send."""
    environ = os.environ if environ is None else environ
    return Reached(environ.get("SERAI_URL") or None, environ.get("SERAI_API_KEY") or None)


def home(environ: Mapping[str, str] | None = None) -> Path:
    """SERAI_HOME: where everything lies that Serai writes, except weights."""
    environ = os.environ if environ is None else environ
    chosen = Path(environ.get("SERAI_HOME") or platformdirs.user_data_path("serai", appauthor=False))
    return chosen.expanduser().absolute()  # a folder named relative to here stays the same one when we move


def hf_home(environ: Mapping[str, str] | None = None) -> Path:
    """HF_HOME: the Hugging Face cache, shared with other tools."""
    environ = os.environ if environ is None else environ
    if explicit := environ.get("HF_HOME"):
        return Path(explicit).expanduser()
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface"


def settings_file(overrides: Mapping[str, Any] | None = None) -> SettingsFile:
    """The settings of this process's SERAI_HOME."""
    return SettingsFile(home(), os.environ, overrides)
