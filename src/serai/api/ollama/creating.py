"""A model made of another one, or of files that were sent: a name with settings of its own in Serai's store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from serai import loading
from serai.api.body import fault, kind
from serai.api.deps import Services
from serai.api.ollama import listing, modelfile, names, options
from serai.errors import Conflict, SeraiError
from serai.hub.adopt.gotext.jinja import translate
from serai.hub.adopt.gotext.lexing import Untranslatable
from serai.hub.gguf import read_header
from serai.types import Model

_FIELDS = frozenset({"model", "name", "modelfile", "from", "files", "adapters", "template", "system", "parameters"})
_FIELDS |= {"messages", "quantize", "quantization", "stream"}
_LOCAL = ("./", "/", "~")
_JINJA = re.compile(r"\{%|\bmessages\b")
"""What Ollama's own templates, which are Go's, do not hold."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made: `base` is a model's name, else `files` are digests by name."""

    name: str
    base: str
    files: Mapping[str, str]
    adapters: Mapping[str, str]
    template: str
    settings: Mapping[str, Any]
    loading: Mapping[str, Any]
    stream: bool
    ignored: Sequence[str]


def read(body: dict[str, Any]) -> Wanted:
    """Raises BadRequest naming what does not fit or cannot be honoured. Pure."""
    text = kind("modelfile", body.get("modelfile") or "", str, "a text")
    said = {**(modelfile.read(text) if text else {}), **{name: one for name, one in body.items() if one is not None}}
    for name, why in (("quantize", _NO_QUANTISING), ("quantization", _NO_QUANTISING), ("messages", _NO_EXAMPLES)):
        if said.get(name):
            raise fault(name, f"{name} cannot be honoured. {why}")
    base = kind("from", said.get("from") or "", str, "a model's name")
    if base.startswith(_LOCAL) or base.endswith(".gguf"):
        raise fault("from", "from must name a model.", "A file becomes a model by `serai add PATH --name NAME`.")
    files, adapters = _digests("files", said), _digests("adapters", said)
    if bool(base) == bool(files):
        raise fault("from", "A model is made of either another model (from) or files.")
    wished = options.read(kind("parameters", said.get("parameters") or {}, dict, "an object"), "parameters")
    system = kind("system", said.get("system") or "", str, "a text")
    return Wanted(
        name=names.asked(said).removesuffix(names.LATEST),
        base=names.plain(base),
        files=files,
        adapters=adapters,
        template=kind("template", said.get("template") or "", str, "a text"),
        settings=wished.settings | ({"system": system} if system else {}),
        loading=wished.loading,
        stream=kind("stream", said.get("stream", True), bool, "true or false"),
        ignored=[*(name for name in said if name not in _FIELDS), *wished.ignored],
    )


_NO_QUANTISING = "Serai does not quantise here: pull the quantisation that you want."
_NO_EXAMPLES = "Send such messages with each chat."


async def check(services: Services, wanted: Wanted) -> None:
    """Raises what can be known before anything is done, so that it has its status."""
    if wanted.base:
        await listing.find(services, wanted.base)
    _template(wanted.template, "")
    for digest in (*wanted.files.values(), *wanted.adapters.values()):
        services.created.blob(digest)


async def make(services: Services, wanted: Wanted) -> Model:
    """The new model. Raises BadRequest, NotFound, Conflict or LoadFailed; then nothing of it stays."""
    await check(services, wanted)
    if wanted.base:
        base = await listing.find(services, wanted.base)
        header = await listing.header_of(base)
        loads = {**wanted.loading, **_template(wanted.template, header.chat_template or "" if header else "")}
        return await alias(services, base, wanted.name, wanted.settings, loads, wanted.adapters)
    return await _of_files(services, wanted)


async def alias(
    services: Services,
    base: Model,
    name: str,
    settings: Mapping[str, Any],
    loads: Mapping[str, Any],
    adapters: Mapping[str, str] | None = None,
) -> Model:
    """One more name for a model's files, with settings of its own over the model's. As long as it is there, the files
    stay, also if the other is deleted."""
    await _must_be_free(services, name, base.path)
    source: Literal["hub", "file"] = "hub" if base.source == "hub" else "file"
    await services.store.add(Path(base.path or ""), name, source=source, link=True)
    if (known := (await services.records.sources()).get(base.name)) is not None:
        files = [replace(file, model=name) for file in await services.records.files(base.name)]
        await services.records.put(replace(known, model=name), files)
    await services.store.set_settings(name, {**base.settings, **settings})
    added = _adapters(services, name, adapters or {}, base.loading)
    await services.store.set_loading(name, {**base.loading, **loads, **added})
    made: Model = await services.store.find(name)
    return made


async def _of_files(services: Services, wanted: Wanted) -> Model:
    """A GGUF model of files that were sent; one of them may read pictures for it."""
    await _must_be_free(services, wanted.name, None)
    places: list[Path] = []
    try:
        for file, digest in wanted.files.items():
            places.append(services.created.name(wanted.name, file, digest))
        projectors = [place for place in places if read_header(place).architecture == "clip"]
        models = [place for place in places if place not in projectors]
        if len(models) != 1 or len(projectors) > 1:
            raise fault("files", "files must be one GGUF model, and at most one projector (mmproj) for it.")
        model: Model = await services.store.add(models[0], wanted.name, link=True)
        loads = {**wanted.loading, **_template(wanted.template, "")}
        loads |= _adapters(services, wanted.name, wanted.adapters, {})
        loads |= {"projector": str(projectors[0])} if projectors else {}
    except SeraiError:
        services.created.drop(str(places[0]) if places else None)
        raise
    await services.store.set_settings(model.name, {**model.settings, **wanted.settings})
    await services.store.set_loading(model.name, loads)
    made: Model = await services.store.find(model.name)
    return made


async def _must_be_free(services: Services, name: str, path: str | None) -> None:
    """The same files may be given the same name anew, with other settings."""
    for model in await services.store.models():
        if model.name == name and (path is None or model.path != path):
            raise Conflict(f"The name {name!r} is taken.", hint="Delete that model first, or choose another name.")


def _adapters(services: Services, name: str, wanted: Mapping[str, str], held: Mapping[str, Any]) -> dict[str, Any]:
    if not wanted:
        return {}
    files = {str(services.created.name(name, f"lora-{file}", digest)): 1.0 for file, digest in wanted.items()}
    return {"adapters": {**held.get("adapters", {}), **files}}


def _template(text: str, own: str) -> dict[str, Any]:
    """How a model is loaded with this template: Ollama's are translated, Jinja is taken as it is. Raises BadRequest."""
    if not text or text.strip() == own.strip():
        return {}
    try:
        return loading.check({"chat_template": text if _JINJA.search(text) else translate(text)})
    except Untranslatable as error:
        raise fault(
            "template", f"template cannot be honoured: {error}.", "Leave it out: the file's own is used."
        ) from error


def _digests(field: str, said: Mapping[str, Any]) -> dict[str, str]:
    given = kind(field, said.get(field) or {}, dict, "an object of names and digests")
    return {str(name): kind(f"{field}.{name}", digest, str, "a digest") for name, digest in given.items()}
