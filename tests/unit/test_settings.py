from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from serai.errors import BadRequest, NotFound
from serai.settings import Settings, SettingsFile, declarations, hf_home, home


def at(folder: Path, toml: str = "", dotenv: str = "", **environ: str) -> SettingsFile:
    folder.mkdir(exist_ok=True)
    if toml:
        (folder / "serai.toml").write_text(toml, "utf-8")
    if dotenv:
        (folder / ".env").write_text(dotenv, "utf-8")
    return SettingsFile(folder, environ)


def value(file: SettingsFile, key: str) -> tuple[Any, str]:
    loaded = file.load()
    group, name = key.split(".")
    return getattr(getattr(loaded.settings, group), name), loaded.sources[key]


def test_nothing_set_is_the_defaults(tmp_path: Path) -> None:
    loaded = at(tmp_path).load()
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}


def test_the_stronger_source_wins(tmp_path: Path) -> None:
    toml, dotenv, name = "[server]\nport = 1\n", "SERAI_SERVER_PORT=2\n", "SERAI_SERVER_PORT"
    assert value(at(tmp_path, toml), "server.port") == (1, "serai.toml")
    assert value(at(tmp_path, toml, dotenv), "server.port") == (2, f".env ({name})")
    assert value(at(tmp_path, toml, dotenv, **{name: "3"}), "server.port") == (3, name)
    assert value(SettingsFile(tmp_path, {name: "3"}, {"server.port": 4}), "server.port") == (4, "command line")


def test_the_environment_is_stronger_than_dotenv_whatever_the_names(tmp_path: Path) -> None:
    file = at(tmp_path, dotenv="SERAI_HUB_ENDPOINT=https://weak\n", HF_ENDPOINT="https://strong")
    assert value(file, "hub.endpoint") == ("https://strong", "HF_ENDPOINT")


def test_what_is_set_to_nothing_is_not_set(tmp_path: Path) -> None:
    file = at(tmp_path, "[server]\nport = 1\n", "SERAI_SERVER_PORT=\n", SERAI_SERVER_PORT="", HF_HUB_OFFLINE="")
    assert value(file, "server.port") == (1, "serai.toml")
    assert value(file, "hub.offline") == (False, "default")


@pytest.mark.parametrize("text", ["1", "true", "ON", "yes"])
def test_usual_names_and_words_are_understood(tmp_path: Path, text: str) -> None:
    assert value(at(tmp_path, HF_HUB_OFFLINE=text), "hub.offline") == (True, "HF_HUB_OFFLINE")


def test_a_list_may_be_written_with_commas(tmp_path: Path) -> None:
    file = at(tmp_path, SERAI_SERVER_ALLOWED_HOSTS="a.example, b.example,")
    assert value(file, "server.allowed_hosts")[0] == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[server]\nport = 99999\n", "server.port = 99999 (from serai.toml) does not fit"),
        ("[server]\nhost = ''\n", "server.host = '' (from serai.toml) does not fit"),
        ("[models]\nidle_minutes = inf\n", "models.idle_minutes = inf"),
        ("[models]\ndevice = 'toaster'\n", "models.device = 'toaster'"),
        ("[server]\nprot = 1\n", "unknown setting 'server.prot'"),
        ("[kitchen]\nport = 1\n", "unknown setting 'kitchen.port'"),
        ("server = 3\n", "unknown setting 'server'"),
        ("[server\n", "serai.toml cannot be read"),
    ],
)
def test_what_does_not_fit_is_said_in_words(tmp_path: Path, toml: str, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        at(tmp_path, toml).load()
    assert words in caught.value.message and caught.value.hint


@pytest.mark.parametrize("name", ["serai.toml", ".env"])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"SERAI_SERVER_PORT=\xff\xfe")
    with pytest.raises(BadRequest, match=rf"{name} cannot be read"):
        at(tmp_path).load()


def test_setting_keeps_comments_and_holds_at_the_next_load(tmp_path: Path) -> None:
    file = at(tmp_path, "# mine\n[server]\nport = 1  # a port\n")
    file.set("server.port", 2)
    file.set("server.allowed_hosts", ["a.example"])
    file.set("page.theme", "dark")
    text = (tmp_path / "serai.toml").read_text("utf-8")
    assert "# mine" in text and "# a port" in text
    assert value(file, "server.port")[0] == 2
    assert value(file, "server.allowed_hosts")[0] == ("a.example",)
    assert value(file, "page.theme") == ("dark", "serai.toml")


def test_setting_none_removes_it(tmp_path: Path) -> None:
    file = at(tmp_path, "[server]\nport = 1\n")
    file.set("server.port", None)
    file.set("page.theme", None)
    assert value(file, "server.port") == (7372, "default")


def test_setting_makes_the_folder(tmp_path: Path) -> None:
    SettingsFile(tmp_path / "new" / "home", {}).set("server.port", 5)
    assert tomllib.loads((tmp_path / "new" / "home" / "serai.toml").read_text("utf-8")) == {"server": {"port": 5}}


@pytest.mark.parametrize("new", [1, None])
@pytest.mark.parametrize("key", ["server.prot", "kitchen.port", "server", "", "a.b.c"])
def test_an_unknown_setting_cannot_be_set(tmp_path: Path, key: str, new: object) -> None:
    with pytest.raises(NotFound, match="There is no setting"):
        at(tmp_path).set(key, new)


@pytest.mark.parametrize("toml", ["[server]\nport = 1\n", "[server\n", "server = 3\n"])
def test_a_wrong_value_or_broken_file_is_left_alone(tmp_path: Path, toml: str) -> None:
    file = at(tmp_path, toml)
    with pytest.raises(BadRequest):
        file.set("server.port", -1 if toml.startswith("[server]") else 2)
    assert (tmp_path / "serai.toml").read_text("utf-8") == toml


def test_every_setting_is_declared_whole() -> None:
    found = list(declarations())
    keys = [declaration.key for declaration in found]
    assert len(keys) == len(set(keys)) and "server.port" in keys
    for declaration in found:
        group, name = declaration.key.split(".")
        assert declaration.env[0] == f"SERAI_{group}_{name}".upper()
        assert declaration.description.endswith(".")
        assert (declaration.type == "choice") == bool(declaration.choices)
        assert getattr(getattr(Settings(), group), name) == declaration.default


def test_no_environment_name_means_two_settings() -> None:
    names = [name for declaration in declarations() for name in declaration.env]
    assert len(names) == len(set(names))


def test_secrets_come_from_their_usual_names(tmp_path: Path) -> None:
    assert at(tmp_path).secret("hf_token") is None
    assert at(tmp_path, HUGGINGFACE_API_TOKEN="b").secret("hf_token") == "b"
    assert at(tmp_path, dotenv="HF_TOKEN=weak\n", HUGGING_FACE_HUB_TOKEN="strong").secret("hf_token") == "strong"
    assert at(tmp_path).secret("hf_token") == "weak"
    assert at(tmp_path).secret("unknown") is None


def test_the_secret_key_comes_from_the_environment(tmp_path: Path) -> None:
    assert at(tmp_path).secret_key() is None
    assert at(tmp_path, SERAI_SECRET_KEY="new,old").secret_key() == "new,old"


def test_home_is_where_it_was_named_even_after_moving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert home({"SERAI_HOME": "data"}) == tmp_path / "data"
    assert home({"SERAI_HOME": "~/x"}) == Path("~/x").expanduser()
    assert home({}).is_absolute() and home({}).name == "serai"


def test_the_weight_store_is_where_other_tools_have_it() -> None:
    assert hf_home({"HF_HOME": "/x"}) == Path("/x")
    assert hf_home({"XDG_CACHE_HOME": "/c"}) == Path("/c/huggingface")
    assert hf_home({}) == Path("~/.cache/huggingface").expanduser()


@pytest.mark.parametrize("said", ["cuda", "mps", "gpu"])
def test_what_llm_device_says_elsewhere_is_understood(tmp_path: Path, said: str) -> None:
    assert SettingsFile(tmp_path, {"LLM_DEVICE": said}).load().settings.models.device == "gpu"
