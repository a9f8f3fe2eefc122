from serai.errors import LoadFailed
from serai.hosting.status import Running, Status, describe
from serai.types import Model

MODEL = Model(name="m", task="text-generation", languages=("en",), settings={"temperature": 0})


def test_a_model_on_disk_has_neither_error_nor_process() -> None:
    body = describe(MODEL, Status())
    assert (body["state"], body["error"], body["running"]) == ("on_disk", None, None)
    assert body["languages"] == ["en"] and body["settings"] == {"temperature": 0}


def test_a_failed_one_says_why() -> None:
    body = describe(MODEL, Status("failed", LoadFailed("no", cause="missing", hint="look")))
    assert (body["error"]["code"], body["error"]["message"], body["error"]["hint"]) == ("load_failed", "no", "look")


def test_a_ready_one_shows_its_process() -> None:
    running = Running(
        name="m",
        pid=1,
        device="cpu",
        device_reason="",
        memory=2,
        context=3,
        parallel=4,
        streams=0,
        tokens_per_second=None,
        since=5.0,
        last_used_at=6.0,
        load_s=0.1,
    )
    body = describe(MODEL, Status("ready", None, running))
    assert body["running"]["pid"] == 1 and "name" not in body["running"]
