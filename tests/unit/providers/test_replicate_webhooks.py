"""Messages that claim to be Replicate's: which are heard, and what they do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.fakes.replicate_service import FILE, SECRET, FakeReplicate, row, serving, signed
from tests.fakes.service import KEY
from tests.fakes.waiting import until

from serai.backend import collect
from serai.errors import BadRequest
from serai.outside import Outside
from serai.providers import _replicate_prediction
from serai.providers._replicate_webhooks import WINDOW_S, Heard
from serai.providers.declaration import ProviderConfig
from serai.providers.replicate import Replicate
from serai.types import Call

NOW = 1_700_000_000.0
OTHER = "whsec_b3RoZXI="
BODY = b'{"id": "abc"}'


def heard(headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> bool | None:
    return Heard(lambda: NOW).is_new(headers, body, [OTHER, secret])


def test_a_message_is_heard_that_is_signed_with_one_of_the_secrets() -> None:
    assert heard(signed(BODY, at=NOW)) is True
    assert heard(signed(BODY, at=NOW - WINDOW_S)) is True


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,\u00e4"},
        {"webhook-id": "another"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(int(NOW) - 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 5000},
    ],
)
def test_one_that_was_forged_is_not(change: dict[str, str]) -> None:
    assert heard({**signed(BODY, at=NOW), **change}) is None


def test_nor_one_that_was_changed_or_is_of_another_time() -> None:
    assert heard(signed(BODY, at=NOW), BODY + b" ") is None
    assert heard(signed(BODY, at=NOW - WINDOW_S - 1)) is None
    assert heard(signed(BODY, at=NOW + WINDOW_S + 1)) is None
    assert heard(signed(BODY, "whsec_d3Jvbmc=", at=NOW)) is None


def test_the_same_one_is_heard_once_as_long_as_it_could_come_again() -> None:
    now = [NOW]
    ears, headers = Heard(lambda: now[0]), signed(BODY, at=NOW)
    assert [ears.is_new(headers, BODY, [SECRET]) for _ in range(2)] == [True, False]
    now[0] += WINDOW_S
    assert ears.is_new(headers, BODY, [SECRET]) is False


def test_the_official_client_finds_the_same() -> None:
    sdk = pytest.importorskip("replicate.webhook", reason="requirements/dev.txt is not installed")
    headers = {**signed(BODY)}
    headers["webhook-signature"] = headers["webhook-signature"].split()[1]
    secret = sdk.WebhookSigningSecret(key=SECRET)
    sdk.Webhooks.validate(headers=headers, body=BODY.decode(), secret=secret, tolerance=300)
    with pytest.raises(sdk.InvalidSignatureError):
        sdk.Webhooks.validate(headers=headers, body="{}", secret=secret)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked at unless something tells of it."""
    monkeypatch.setattr(_replicate_prediction, "_FIRST_S", 60.0)


def opened(service: FakeReplicate) -> Replicate:
    outside = Outside(lambda: True, lambda: True)
    return Replicate(
        ProviderConfig("shore", service.url, (KEY,), (), 60.0, None, outside, lambda: "http://127.0.0.1:9/")
    )


async def painting(shore: Replicate, service: FakeReplicate) -> asyncio.Task[Any]:
    """A picture that is made already, of which nobody knows yet."""
    call = Call(task="text-to-image", model="shore/acme/painter", inputs={"inputs": "a cat"})
    task = asyncio.create_task(collect(shore.run(call)))

    async def over() -> bool:
        return bool(shore._watched) and bool(service.told)

    assert await until(over, 5)
    return task


def twin() -> FakeReplicate:
    return FakeReplicate(models=[row("acme/painter", "prompt", output=FILE)], output="x", moments=80)


@pytest.mark.usefixtures("never")
async def test_a_prediction_that_has_ended_is_looked_at_when_the_service_says_so() -> None:
    async with serving(twin()) as service:
        service.output = [f"{service.url[:-3]}/out/a.png"]
        shore = opened(service)
        task = await painting(shore, service)
        assert not task.done()
        await shore.told(*service.told[0])
        assert (await task).data["image"]
        with pytest.raises(BadRequest):
            await shore.told(*service.told[0])
        await shore.close()


@pytest.mark.usefixtures("never")
async def test_what_is_forged_or_replayed_disturbs_nobody() -> None:
    async with serving(twin()) as service:
        shore = opened(service)
        task = await painting(shore, service)
        headers, body = service.told[0]
        shore._heard.is_new(headers, body, [SECRET])
        await shore.told(headers, body)
        await shore.told(signed(b"[1"), b"[1")
        await shore.told(signed(b'{"id": ["x"]}'), b'{"id": ["x"]}')
        with pytest.raises(BadRequest):
            await shore.told(signed(body, OTHER), body)
        await asyncio.sleep(0)
        assert not next(iter(shore._watched.values()))._news.is_set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await shore.close()
