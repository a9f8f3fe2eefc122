"""/api/v1/sessions: chats, their branches, export and import."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from serai.api.deps import PersonDep, ServicesDep
from serai.api.native.messages import Message
from serai.api.native.shapes import In, Name, Out, Settings, Text
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.chat.export import Exported, markdown

routes = router(Scope.CHAT, prefix="/api/v1/sessions", tag="sessions")

_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/markdown": {}}}}

Title = Annotated[str, Field(max_length=1000)]


class Session(Out):
    """A chat. `streaming`: an answer in it is being written."""

    id: str
    title: str
    model: str | None = Field(description="The model that answers; null leaves the choice to Serai.")
    system: str = Field(description="The system prompt.")
    settings: Settings
    folder: str | None
    pinned: bool
    private: bool = Field(description="It never leaves this machine, whatever model it names.")
    created_at: float
    updated_at: float
    streaming: bool


class SessionPage(Out):
    sessions: list[Session]
    next: float | None = Field(description="`before` of the next page; null: this was the last.")


class SessionWithMessages(Out):
    session: Session
    messages: list[Message] = Field(description="The shown branch, from its root to its leaf.")


class NewSession(In):
    title: Title = Field("", description="Empty: made from the first message.")
    model: Name | None = None
    system: Text = ""
    settings: Settings = Field(default_factory=dict)
    folder: Name | None = None
    private: bool = Field(False, description="Keep it on this machine.")


class SessionChange(In):
    """Only the fields that are sent are changed."""

    title: Title = ""
    model: Name | None = None
    system: Text = ""
    settings: Settings = Field(default_factory=dict)
    folder: Name | None = None
    pinned: bool = False
    private: bool = False


class Selection(In):
    message: Name = Field(description="The newest branch through this message is shown.")


@routes.get("")
async def list_sessions(
    services: ServicesDep,
    person: PersonDep,
    q: Annotated[str, Query(max_length=200, description="Words that the title or a message holds, all of them.")] = "",
    folder: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> SessionPage:
    """Chats, newest first; pinned ones all come first, on the first page."""
    found, following = await services.sessions.page(person, q=q, folder=folder, limit=limit, before=before)
    return SessionPage(sessions=[Session.model_validate(session) for session in found], next=following)


@routes.post("", status_code=201)
async def create_session(services: ServicesDep, person: PersonDep, new: NewSession) -> Session:
    """A new, empty chat."""
    return Session.model_validate(await services.sessions.create(person, **new.model_dump()))


@routes.post("/import", status_code=201)
async def import_session(services: ServicesDep, person: PersonDep, exported: Exported) -> Session:
    """A new chat from an exported one, with all its branches."""
    return Session.model_validate(await services.sessions.import_(person, exported))


@routes.get("/{session}")
async def get_session(services: ServicesDep, person: PersonDep, session: str) -> SessionWithMessages:
    """A chat and the branch it shows. An answer that is being written has here what it had before: its stream
    brings the rest."""
    row, branch = await services.sessions.open(person, session)
    return SessionWithMessages.model_validate({"session": row, "messages": branch})


@routes.patch("/{session}")
async def change_session(services: ServicesDep, person: PersonDep, session: str, change: SessionChange) -> Session:
    """Title, model, system prompt, settings, folder, pin."""
    return Session.model_validate(
        await services.sessions.change(person, session, change.model_dump(exclude_unset=True))
    )


@routes.delete("/{session}", status_code=204, response_class=Response)
async def delete_session(services: ServicesDep, person: PersonDep, session: str) -> None:
    """Stops what is being written in it and deletes it; `restore` undoes that."""
    await services.turns.delete(person, session)


@routes.post("/{session}/restore")
async def restore_session(services: ServicesDep, person: PersonDep, session: str) -> Session:
    """Undoes a deletion."""
    return Session.model_validate(await services.sessions.restore(person, session))


@routes.post("/{session}/select")
async def select_branch(
    services: ServicesDep, person: PersonDep, session: str, selection: Selection
) -> SessionWithMessages:
    """Shows another branch."""
    row, branch = await services.sessions.select(person, session, selection.message)
    return SessionWithMessages.model_validate({"session": row, "messages": branch})


@routes.post("/{session}/reset", status_code=201)
async def reset_context(services: ServicesDep, person: PersonDep, session: str) -> Message:
    """The context starts anew from here; the history stays visible."""
    return Message.model_validate(await services.sessions.reset(person, session))


@routes.get("/{session}/export", response_class=Response, responses=_FILES)
async def export_session(
    services: ServicesDep,
    person: PersonDep,
    session: str,
    as_: Annotated[Literal["markdown", "json"], Query(alias="format")] = "json",
) -> Response:
    """The chat as a file: Markdown has the shown branch, JSON everything."""
    if as_ == "markdown":
        row, branch = await services.sessions.open(person, session)
        return _file(markdown(row, branch), "text/markdown", f"{session}.md")
    exported = await services.sessions.export(person, session)
    return _file(exported.model_dump_json(indent=1), "application/json", f"{session}.json")


def _file(content: str, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=f"{media_type}; charset=utf-8", headers=headers)
