from __future__ import annotations

import stat
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from serai.backend import collect
from serai.monitor import inspector as room
from serai.monitor.inspector import Inspector
from serai.monitor.words import LONGEST, tidied
from serai.settings import Monitor
from serai.types import CHAT, OWNER, Answerer, Call, Delta, Limits, Principal, Usage, Wishes

BOUND = Limits(places=("local",))
ON = Monitor(inspect=True)


class Source:
    """An answer of two pieces; `closed` is whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def run(self) -> AsyncGenerator[Delta, None]:
        try:
            yield Delta(text="Hel", answerer=Answerer(model="m", backend="b"))
            yield Delta(text="lo", reasoning="hm", finish="stop", usage=Usage())
        finally:
            self.closed = True


def call(who: Principal = OWNER, **told: Any) -> Call:
    content: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], **told.pop("inputs", {})}
    return Call(task=CHAT, model="m", inputs=content, principal=who, **told)


def open_(folder: Path, settings: Monitor = ON) -> Inspector:
    return Inspector(folder / "inspected", lambda: settings)


async def kept(inspector: Inspector, asked: Call) -> Any:
    await collect(inspector.overhears(asked, Source().run()))
    await inspector.close()
    return await inspector.read(asked.id)


async def test_while_it_is_off_the_stream_is_the_very_same(tmp_path: Path) -> None:
    stream = Source().run()
    assert open_(tmp_path, Monitor()).overhears(call(), stream) is stream
    await stream.aclose()
    assert not (tmp_path / "inspected").exists()


async def test_what_was_said_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    inspector, asked = open_(tmp_path), call(settings={"temperature": 0.5})
    words = await kept(inspector, asked)
    assert (words["text"], words["reasoning"], words["finish"]) == ("Hello", "hm", "stop")
    assert words["inputs"]["messages"][0]["content"] == "hi" and words["settings"] == {"temperature": 0.5}
    [file] = (tmp_path / "inspected").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_stream_that_is_closed_early_is_closed_at_its_source_and_kept(tmp_path: Path) -> None:
    inspector, asked, source = open_(tmp_path), call(), Source()
    async with aclosing(inspector.overhears(asked, source.run())) as stream:
        await anext(stream)
    assert source.closed
    await inspector.close()
    words = await inspector.read(asked.id)
    assert words is not None and (words["text"], words["finish"]) == ("Hel", None)


@pytest.mark.parametrize(
    ("who", "wishes", "expected"),
    [
        (OWNER, Wishes(), True),
        (OWNER, Wishes(private=True), True),
        (Principal("key_1", "k"), Wishes(), True),
        (Principal("key_1", "k"), Wishes(private=True), False),
        (Principal("key_1", "k", limits=BOUND), Wishes(), False),
        (Principal("key_1", "k", limits=Limits(places=())), Wishes(), False),
        (Principal("key_1", "k", limits=Limits(places=("shore",))), Wishes(), True),
    ],
)
async def test_private_words_of_others_are_never_kept(
    tmp_path: Path, who: Principal, wishes: Wishes, expected: bool
) -> None:
    words = await kept(open_(tmp_path), call(who, wishes=wishes))
    assert (words is not None) is expected
    assert (tmp_path / "inspected").exists() is expected


async def test_switched_off_everything_is_gone(tmp_path: Path) -> None:
    asked = call()
    assert await kept(open_(tmp_path), asked)
    off = open_(tmp_path, Monitor())
    assert await off.read(asked.id) is None
    await off.tidy()
    assert [*(tmp_path / "inspected").iterdir()] == []


async def test_words_expire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspector, asked = open_(tmp_path), call()
    assert await kept(inspector, asked)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3_600)
    assert await inspector.read(asked.id) is None
    await inspector.tidy()
    assert [*(tmp_path / "inspected").iterdir()] == []


async def test_there_is_an_end_to_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = open_(tmp_path)
    for _ in range(4):
        await kept(inspector, call())
    size = next((tmp_path / "inspected").iterdir()).stat().st_size
    monkeypatch.setattr(room, "MOST_BYTES", 2 * size + 10)
    await inspector.tidy()
    assert len([*(tmp_path / "inspected").iterdir()]) == 2


async def test_a_disk_that_takes_nothing_stops_no_answer(tmp_path: Path) -> None:
    (tmp_path / "inspected").write_text("in the way")
    assert await kept(open_(tmp_path), call()) is None


@pytest.mark.parametrize("name", ["../serai", "call_", "call_12", "call_0123456789ab/../x"])
async def test_only_calls_are_read(tmp_path: Path, name: str) -> None:
    assert await open_(tmp_path).read(name) is None


def test_secrets_and_files_are_left_out_and_long_texts_cut() -> None:
    told = tidied(
        {
            "messages": [{"content": "Bearer abcdefghijkl"}],
            "api_key": "abc",
            "max_tokens": 5,
            "image": "data:image/png;base64," + "A" * 500,
            "long": "x" * (3 * LONGEST),
            "bytes": b"raw",
        }
    )
    assert told["messages"] == [{"content": "Bearer [redacted]"}]
    assert (told["api_key"], told["max_tokens"], told["bytes"]) == ("[redacted]", 5, "(bytes)")
    assert told["image"] == "data:image/png;base64,… (522 characters)"
    assert len(told["long"]) < LONGEST + 100
