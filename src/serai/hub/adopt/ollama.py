"""Ollama's models: a manifest names blobs, one of them the GGUF file, others its template, system prompt and
parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serai.errors import SeraiError
from serai.hub.adopt.found import Found, Seen, plain, read_json
from serai.hub.adopt.gotext.jinja import LONGEST, translate
from serai.hub.adopt.gotext.lexing import Untranslatable
from serai.hub.gguf import read_header

_KIND = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_SYSTEMS = ("/usr/share/ollama/.ollama/models", "/var/lib/ollama/.ollama/models", "/var/lib/ollama/models")
_PARAMETERS = {
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "repeat_penalty": "repetition_penalty",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "num_predict": "max_tokens",
    "stop": "stop",
}
_LONGEST = 1 << 20


def find(environ: Mapping[str, str], home: Path, seen: Seen) -> Iterator[Found]:
    """Those whose manifests are new."""
    chosen = environ.get("OLLAMA_MODELS")
    for root in (Path(chosen),) if chosen else (home / ".ollama" / "models", *map(Path, _SYSTEMS)):
        for manifest in _manifests(root / "manifests"):
            if not seen.as_before(manifest) and (found := _read(root, manifest)):
                yield found


def _manifests(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.rglob("*") if path.is_file())
    except OSError:
        return []


def _read(root: Path, manifest: Path) -> Found | None:
    said = read_json(manifest)
    layers = said.get("layers") if isinstance(said, dict) else None
    blobs = {kind: path for kind, path in (_layer(root, layer) for layer in layers or ()) if path is not None}
    model = blobs.get("model")
    if model is None:
        return None
    template, note = _template(blobs.get("template"), model)
    said = read_json(blobs["params"]) if "params" in blobs else None
    params = said if isinstance(said, dict) else {}
    etags = {path: path.name.removeprefix("sha256-") for path in (model, blobs.get("projector")) if path is not None}
    return Found(
        kind="ollama",
        name=_name(manifest.relative_to(root / "manifests").parts),
        path=model,
        files=tuple(etags),
        etags=etags,
        projector=blobs.get("projector"),
        settings=_settings(params, blobs),
        loading={**({"context": params["num_ctx"]} if "num_ctx" in params else {}), **template},
        note=note,
    )


def _layer(root: Path, layer: Any) -> tuple[str, Path | None]:
    """Its kind and its blob, if that is here."""
    if not isinstance(layer, dict):
        return "", None
    digest = _DIGEST.fullmatch(str(layer.get("digest")))
    path = root / "blobs" / f"sha256-{digest[1]}" if digest else None
    return str(layer.get("mediaType", "")).removeprefix(_KIND), path if path is not None and path.is_file() else None


def _name(parts: tuple[str, ...]) -> str:
    """`ollama/llama3.2:3b`; what is not of Ollama's own library keeps its maker: `ollama/maker-model:tag`."""
    *_, maker, model, tag = ("", "", *parts)
    own = f"{maker}-{model}" if maker not in {"library", ""} else model
    return f"ollama/{plain(own)}:{plain(tag)}"


def _settings(params: Mapping[str, Any], blobs: Mapping[str, Path]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for theirs, ours in _PARAMETERS.items():
        value = params.get(theirs)
        if value is not None and not (theirs == "num_predict" and (not isinstance(value, int) or value <= 0)):
            found[ours] = value
    if (system := _text(blobs.get("system"))).strip():
        found["system"] = system.strip()
    return found


def _template(path: Path | None, model: Path) -> tuple[dict[str, str], str]:
    """The chat template as a setting of loading, or why it is none. Chats with tools keep to the file's own where that
    knows them: engines read calls out of answers by the form that a model's makers gave them."""
    if not (text := _text(path)):
        return {}, ""
    try:
        return {"chat_template": _with_tools(translate(text), model)}, ""
    except Untranslatable as error:
        return (
            {},
            f"The chat template that Ollama has for it could not be taken over ({error}): its file's own is used.",
        )


def _with_tools(template: str, model: Path) -> str:
    try:
        own = read_header(model).chat_template or ""
    except (SeraiError, OSError):  # told when it is added
        return template
    both = f"{{%- if tools -%}}{own}{{%- else -%}}{template}{{%- endif -%}}"
    return both if "tools" in own and len(both) <= LONGEST else template


def _text(path: Path | None) -> str:
    try:
        return "" if path is None or path.stat().st_size > _LONGEST else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
