"""A form that is read whole: its fields and files, which `server.body_limit_mb` bounds as it does any body."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from serai.api.openai import uploading
from serai.api.openai.fields import fault


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form, and its kind as its sender says it."""

    content: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Form:
    """Names are without the `[]` of those that may come several times."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)

    def one(self, name: str) -> str | None:
        """The field's text; None where it is not there, or empty. Raises BadRequest where it comes twice."""
        texts = self.fields.get(name, [])
        if len(texts) > 1:
            raise fault(name, f"{name} was given {len(texts)} times.")
        return texts[0] or None if texts else None

    def file(self, name: str) -> Upload:
        """The one file of that name. Raises BadRequest."""
        found = self.files.get(name, [])
        if len(found) != 1 or not found[0].content:
            words = "is missing" if not found else "is empty" if len(found) == 1 else f"was given {len(found)} times"
            raise fault(name, f"{name} {words}: one file is wanted.")
        return found[0]


async def read(request: Request) -> Form:
    """The whole form. Raises BadRequest for what is none."""
    form = Form()
    async for part in uploading.parts(request):
        name = part.name.removesuffix("[]")
        if part.filename is None:
            form.fields.setdefault(name, []).append(await part.text())
            continue
        content = bytearray()
        async for chunk in part.chunks():
            content += chunk
        form.files.setdefault(name, []).append(Upload(bytes(content), part.kind))
    return form
