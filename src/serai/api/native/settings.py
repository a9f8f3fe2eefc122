"""/api/v1/settings: the one tree of settings, with where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Body
from pydantic import Field

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import Conflict, SeraiError, UnknownField
from serai.settings import Settings, SettingsFile, declarations

routes = router(Scope.ADMIN, prefix="/api/v1/settings", tag="settings")

Value = bool | int | float | str | list[str] | None


class Setting(Out):
    """One setting as declared, and its value now."""

    key: str
    group: str
    type: Literal["boolean", "integer", "number", "text", "choice", "list"]
    description: str
    default: Value
    value: Value
    source: str = Field(description="`default`, `serai.toml`, `command line`, or the variable that sets it.")
    env: list[str] = Field(description="Variables that can set it.")
    restart: bool = Field(description="A change waits for the next start.")
    choices: list[str]


class SettingList(Out):
    settings: list[Setting]
    groups: dict[str, str] = Field(description="What each group is about.")


@routes.get("")
async def get_settings(services: ServicesDep) -> SettingList:
    """All settings, in the order of the tree."""
    return _describe(services.settings_file)


@routes.patch("")
async def change_settings(
    services: ServicesDep,
    changes: Annotated[dict[str, Value], Body(examples=[{"models.idle_minutes": 10, "page.theme": None}])],
) -> SettingList:
    """Sets some settings by key, all or none; null goes back to the default. One that the environment or the command
    line sets is refused (409)."""
    _refuse_fixed(changes, services.settings_file.load().sources)
    _write(services.settings_file, changes)
    services.reload_settings()
    services.events.publish("settings", {"keys": sorted(changes)})
    return _describe(services.settings_file)


def _refuse_fixed(changes: Mapping[str, Value], sources: Mapping[str, str]) -> None:
    if unknown := sorted(changes.keys() - sources.keys()):
        raise UnknownField(f"There is no setting {unknown[0]!r}.", hint="GET /api/v1/settings lists them all.")
    for key in changes:
        if (source := sources[key]) not in ("default", "serai.toml"):
            raise Conflict(f"{key} is set by {source}.", hint="Change it there.", key=key, source=source)


def _write(file: SettingsFile, changes: Mapping[str, Value]) -> None:
    """All of the changes, or none when one does not fit. Runs on the loop, so two requests cannot mix theirs."""
    before = file.path.read_bytes() if file.path.exists() else None
    try:
        for key, value in changes.items():
            file.set(key, value)
    except SeraiError:
        if before is None:
            file.path.unlink(missing_ok=True)
        else:
            file.path.write_bytes(before)
        raise


def _describe(file: SettingsFile) -> SettingList:
    loaded = file.load()
    values: dict[str, Any] = loaded.settings.model_dump(mode="json")
    settings = [
        {**asdict(declared), "value": values[declared.group][declared.key.partition(".")[2]], "source": source}
        for declared in declarations()
        if (source := loaded.sources[declared.key])
    ]
    groups = {name: (info.annotation.__doc__ or "") for name, info in Settings.model_fields.items() if info.annotation}
    return SettingList.model_validate({"settings": settings, "groups": groups})
