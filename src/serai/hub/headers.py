"""A model's Shape from the headers of its files: those on this disk, or the first bytes of those on the hub."""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from threading import Lock

from serai.errors import BadRequest, SeraiError
from serai.hub import gguf, safetensors
from serai.hub.choose import choose
from serai.hub.choose_gguf import groups, pick
from serai.hub.config_shape import MAX_CONFIG, from_config
from serai.hub.gguf_shape import from_gguf
from serai.hub.remote import Hub, RemoteFile, Repository
from serai.hub.shape import Shape
from serai.types import ModelRef

_KEPT = 256
_FRESH_S = 300.0
_RANGES = (1 << 18, 1 << 21, 1 << 24, 1 << 26)
"""How far into a GGUF file of the hub we read, further each time: large vocabularies lie before the tensors."""

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)
_MAX_PARTS = 1000

_TOO_LONG = "Its header is longer than 64 MB."


Remote = tuple[Shape, dict[str, int]]


def read(path: Path) -> Shape:
    """The shape of a GGUF file, or of a folder with config.json and safetensors, else ONNX. Raises LoadFailed."""
    if not path.is_dir():
        headers = [gguf.read_header(part) for part in parts(path)]
        return from_gguf(functools.reduce(gguf.joined, headers))
    try:
        with (path / "config.json").open("rb") as file:
            config = file.read(MAX_CONFIG)
    except OSError:
        config = b"{}"
    if not any(path.glob("*.safetensors")) and (size := _onnx(path)):
        weights = safetensors.Tensor("onnx", "U8", size, size)
        return replace(from_config(config, (weights,), path.name), format="onnx")
    return from_config(config, safetensors.read_folder(path), path.name)


def _onnx(folder: Path) -> int:
    """Bytes of a folder's ONNX files, those beside config.json or else in `onnx/`, with the weights that lie apart."""
    for place in (folder, folder / "onnx"):
        if found := [path for path in place.glob("*.onnx*") if path.is_file()]:
            return sum(path.stat().st_size for path in found)
    return 0


def parts(path: Path) -> list[Path]:
    """All files of a GGUF model, given its first: itself, or with it the other parts that its name speaks of."""
    if not (split := _PART.search(path.name)):
        return [path]
    count, stem = int(split[2]), path.name[: split.start()]
    return [
        path.with_name(f"{stem}-{number:05d}-of-{count:05d}.gguf") for number in range(1, min(count, _MAX_PARTS) + 1)
    ]


class Headers:
    """Keeps what it has read: on disk as long as the file is the same, from the hub as long as the commit is."""

    def __init__(self, hub: Hub | None = None) -> None:
        self._hub = hub
        self._kept: OrderedDict[tuple[object, ...], Shape] = OrderedDict()
        self._asked: dict[str, tuple[float, Remote]] = {}
        self._lock = Lock()

    def of(self, path: Path) -> Shape:
        """`read`, from memory where nothing changed. May be called from several threads. Raises LoadFailed."""
        try:
            facts = path.stat()
        except OSError:
            return read(path)
        key = (str(path), facts.st_mtime_ns, facts.st_size, facts.st_ino)
        return self._recall(key) or self._keep(key, read(path))

    async def of_remote(self, name: str) -> Remote:
        """The shape of a model of the hub, and the sizes of all quantisations that are beside it. Raises BadRequest
        where the name is none, what `Hub` raises, and LoadFailed. The hub is asked again after some minutes."""
        asked_at, answer = self._asked.get(name, (0.0, None))
        if answer is None or time.monotonic() - asked_at > _FRESH_S:
            answer = await self._ask(name)
            if len(self._asked) >= _KEPT:
                self._asked.clear()
            self._asked[name] = (time.monotonic(), answer)
        return answer

    async def _ask(self, name: str) -> Remote:
        assert self._hub is not None
        try:
            ref = ModelRef.parse(name)
        except ValueError as error:
            raise BadRequest(f"{error}.") from error
        repository = await self._hub.repository(ref)
        sizes = {quant: sum(file.size for file in files) for quant, files in groups(repository.files).items()}
        if not sizes and any(file.path.endswith(".safetensors") for file in repository.files):
            key: tuple[object, ...] = (repository.id, repository.commit)
            return self._recall(key) or self._keep(key, await _folder(self._hub, repository)), {}
        _, files = pick(ref, repository.files)
        if not files:
            choose(ref, repository.files)  # says in words why there is none
            raise Unreadable(f"The size of {ref.name} cannot be read before it is downloaded.")
        key = (repository.id, repository.commit, files[0].path)
        return self._recall(key) or self._keep(key, await _gguf(self._hub, repository, files)), sizes

    def _recall(self, key: tuple[object, ...]) -> Shape | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[object, ...], shape: Shape) -> Shape:
        with self._lock:
            self._kept[key] = shape
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return shape


async def _gguf(hub: Hub, repository: Repository, files: list[RemoteFile]) -> Shape:
    """The header of the first part tells of the model; the weights of later parts are theirs to tell."""
    headers = [await _header(hub, repository, file) for file in files]
    return from_gguf(functools.reduce(gguf.joined, headers))


async def _header(hub: Hub, repository: Repository, file: RemoteFile) -> gguf.GgufHeader:
    have = b""
    for end in _RANGES:
        have += await hub.read(repository, file, len(have), min(end, file.size))
        try:
            return await asyncio.to_thread(gguf.parse, have, file.path, file.size)
        except gguf.Unread:
            continue
    raise Unreadable(_TOO_LONG)


async def _folder(hub: Hub, repository: Repository) -> Shape:
    by_path = {file.path: file for file in repository.files}
    index = by_path.get(safetensors.INDEX)
    if index is not None:
        names = safetensors.files_of(await hub.read(repository, index, 0, index.size), repository.id)
    else:
        names = tuple(sorted(path for path in by_path if path.endswith(".safetensors") and "/" not in path))
    parts = [await _tensors(hub, repository, by_path[name]) for name in names if name in by_path]
    config = by_path.get("config.json")
    text = await hub.read(repository, config, 0, min(config.size, MAX_CONFIG)) if config else b"{}"
    return from_config(text, safetensors.together(repository.id, parts), repository.id)


async def _tensors(hub: Hub, repository: Repository, file: RemoteFile) -> tuple[safetensors.Tensor, ...]:
    have = await hub.read(repository, file, 0, min(_RANGES[0], file.size))
    needed = safetensors.length(have, file.path, file.size)
    if needed > len(have):
        have += await hub.read(repository, file, len(have), needed)
    return await asyncio.to_thread(safetensors.parse, have[:needed], file.path, file.size)


class Unreadable(SeraiError):
    """A file of the hub that does not say what is needed."""

    status = 502
    code = "unreadable"
    who = "hub"
