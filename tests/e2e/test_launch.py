"""`serai launch` with agents that really ask: small programs on PATH that use the official clients."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serai.client import Client
from tests.e2e.conftest import PATIENCE, Server, environment, serving
from tests.fakes.cli import until

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CLAUDE = """
import anthropic, os
client = anthropic.Anthropic()
said = client.messages.create(model=os.environ["ANTHROPIC_MODEL"], max_tokens=60, messages=[QUESTION])
print(said.content[0].text)
"""
OPENAI = """
import os
from openai import OpenAI
client = OpenAI(base_url=BASE_URL, api_key=KEY)
said = client.chat.completions.create(model=MODEL, max_tokens=60, messages=[QUESTION])
print(said.choices[0].message.content)
"""
AGENTS = {
    "claude": CLAUDE,
    "codex": """
import os, sys, tomllib
told = tomllib.loads("\\n".join(sys.argv[n + 1] for n, word in enumerate(sys.argv) if word == "-c"))
ours = told["model_providers"][told["model_provider"]]
from openai import OpenAI
client = OpenAI(base_url=ours["base_url"], api_key=os.environ[ours["env_key"]])
assert ours["wire_api"] == "responses"
print(client.responses.create(model=told["model"], input=QUESTION["content"]).output_text)
""",
    "aider": OPENAI.replace("BASE_URL", 'os.environ["OPENAI_API_BASE"]')
    .replace("KEY)", 'os.environ["OPENAI_API_KEY"])')
    .replace("MODEL,", 'os.environ["AIDER_MODEL"].removeprefix("openai/"),'),
    "opencode": """
import json
told = json.loads(__import__("os").environ["OPENCODE_CONFIG_CONTENT"])
ours = told["provider"]["serai"]["options"]
"""
    + OPENAI.replace("BASE_URL", 'ours["baseURL"]')
    .replace("KEY)", 'os.environ["SERAI_API_KEY"])')
    .replace("MODEL,", 'told["model"].removeprefix("serai/"),'),
    "droid": """
import json, pathlib, signal, sys
path = pathlib.Path("~/.factory/settings.json").expanduser()
told = json.loads(path.read_text())
assert told["theme"] == "dark"
ours = told["customModels"][0]
"""
    + OPENAI.replace("BASE_URL", 'ours["baseUrl"]')
    .replace("KEY)", 'os.environ["SERAI_API_KEY"])')
    .replace("MODEL,", 'ours["model"],')
    + """
if "--wait" in sys.argv:
    sys.stdout.flush()
    sys.stdin.read()
if "--fail" in sys.argv:
    sys.exit(7)
""",
}
MINE = b'{"theme":   "dark"}\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with agents on its PATH and a person's own settings for one of them."""
    home = tmp_path_factory.mktemp("home")
    (home / "bin").mkdir()
    for name, code in AGENTS.items():
        program = home / "bin" / name
        question = 'QUESTION = {"role": "user", "content": "How do I stop Serai?"}'
        program.write_text(f"#!{sys.executable}\n{question}\n{code}")
        program.chmod(0o755)
    (home / ".factory").mkdir()
    (home / ".factory" / "settings.json").write_bytes(MINE)
    return home


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    with serving(home) as running:
        yield running


def start(home: Path, *words: str, **options: Any) -> subprocess.Popen[str]:
    env = environment(home, PATH=f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}", ANTHROPIC_API_KEY="not-this")
    command = [sys.executable, "-m", "serai", "launch", *words]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=env, cwd=home, **(pipes | options))


def launch(home: Path, *words: str) -> tuple[int, str, str]:
    process = start(home, *words)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def untouched(home: Path) -> bool:
    return (home / ".factory" / "settings.json").read_bytes() == MINE and not (
        home / "serai" / "launches.json"
    ).exists()


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_asks_serai_and_nothing_is_left(server: Server, home: Path, agent: str) -> None:
    before = sorted(home.glob(".*/**"))
    code, out, err = launch(home, agent, "--model", "serai-guide")
    assert (code, "Ctrl+C" in out) == (0, True), err
    assert untouched(home) and sorted(home.glob(".*/**")) == before


def test_a_model_that_is_too_small_is_said(server: Server, home: Path) -> None:
    _, _, err = launch(home, "claude", "--model", "serai-guide")
    assert "serai-guide reads 512 tokens, and Claude Code needs about 32,768." in err
    assert "not made for tools" in err


def test_the_agents_exit_code_is_the_commands(server: Server, home: Path) -> None:
    code, _, _ = launch(home, "droid", "--", "--fail")
    assert code == 7
    assert untouched(home)


def test_a_stopped_launch_ends_its_agent_and_tidies_up(server: Server, home: Path) -> None:
    process = start(home, "droid", "--", "--wait", stdin=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline()
    assert not untouched(home)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert untouched(home)


def test_what_a_killed_launch_left_the_next_one_puts_back(server: Server, home: Path) -> None:
    process = start(home, "droid", "--", "--wait", stdin=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)  # and its stdin ends, so the agent does
    until(lambda: launch(home, "claude")[0] == 0 and untouched(home))


def test_variables_are_printed_for_a_shell(server: Server, home: Path) -> None:
    _, lines, _ = launch(home, "openai", "--print", "--model", "serai-guide")
    code = f"{lines}\n{sys.executable} -c 'import openai; print(openai.OpenAI().models.list().data[0].id)'"
    ran = subprocess.run(["sh", "-ec", code], env=environment(home), capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "serai-guide"
    code_, facts, _ = launch(home, "codex", "--json")
    assert code_ == 0 and json.loads(facts)["environment"] == {"SERAI_API_KEY": "serai"}
    assert untouched(home)


def test_without_a_server_one_runs_as_long_as_the_agent(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").symlink_to(home / "bin")
    code, out, err = launch(tmp_path, "aider")
    assert (code, "Ctrl+C" in out) == (0, True), err
    assert not (tmp_path / "serai" / "server.json").exists()


def test_where_keys_are_needed_the_agent_has_its_own_until_it_ends(home: Path, tmp_path: Path) -> None:
    for name in ("bin", ".factory"):
        (tmp_path / name).symlink_to(home / name)
    made = subprocess.run(
        [sys.executable, "-m", "serai", "keys", "create", "mine", "--json"],
        env=environment(tmp_path),
        capture_output=True,
        check=True,
    )
    key = json.loads(made.stdout)["plain"]
    with serving(tmp_path, "--host", "0.0.0.0") as server:
        process = start(tmp_path, "droid", "--", "--wait", stdin=subprocess.PIPE)
        assert process.stdout is not None and "Ctrl+C" in process.stdout.readline()
        with Client(server.url, key) as client:
            known = client.keys()
            (lent,) = (found for found in known if found["name"] == "launch droid")
            assert (lent["scopes"], lent["revoked_at"]) == (["infer"], None)
            process.communicate(timeout=PATIENCE)
            known = client.keys()
            assert next(found for found in known if found["id"] == lent["id"])["revoked_at"]
    assert process.returncode == 0
