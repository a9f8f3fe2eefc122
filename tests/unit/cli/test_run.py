from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.cli import until
from tests.fakes.terminal import CTRL_C, CTRL_D, Terminal

pytestmark = pytest.mark.slow


@pytest.fixture
def terminal(home: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def begin(*args: str, **env: str) -> Terminal:
        opened.append(Terminal(home, *args, **env))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def test_a_prompt_is_answered_once(cli: Any) -> None:
    assert cli("run", "serai-guide", "hello there").stdout == "hello there \n"


def test_a_text_with_blanks_is_a_prompt_for_auto(cli: Any) -> None:
    cli("run", "What is Serai?")
    assert cli.services.asked[0]["model"] == "auto"


def test_what_is_piped_in_is_added_to_the_prompt(cli: Any) -> None:
    cli("run", "serai-guide", "sum up:", typed="a\nb\n")
    assert cli.services.asked[0]["messages"] == [{"role": "user", "content": "sum up:\n\na\nb"}]


def test_settings_and_system_prompt_are_sent(cli: Any) -> None:
    cli("run", "serai-guide", "hi", "--set", "temperature=0.2", "--set", "stop=END", "--system", "Be brief.")
    asked = cli.services.asked[0]
    assert (asked["temperature"], asked["stop"], asked["messages"][0]["role"]) == (0.2, ["END"], "system")


def test_a_setting_that_does_not_exist_is_named(cli: Any) -> None:
    assert "Did you mean temperature?" in cli("run", "hi you", "--set", "temprature=1", code=1).stderr


def test_json_is_one_document_with_the_measurements(cli: Any) -> None:
    answer = cli.json("run", "serai-guide", "hello")
    assert (answer["text"], answer["usage"]["tokens_per_second"]) == ("hello ", 20.0)
    assert answer["answerer"]["backend"] == "llama.cpp"


def test_statistics_go_to_stderr(cli: Any) -> None:
    result = cli("run", "serai-guide", "hello", "--stats")
    assert result.stdout == "hello \n"
    assert "20.0 tokens/s · first after 0.10 s" in result.stderr


@pytest.mark.parametrize(("prompt", "words"), [("fail", "The model failed."), ("break", "process died")])
def test_a_failure_is_words_and_a_code(cli: Any, prompt: str, words: str) -> None:
    result = cli("run", "serai-guide", prompt, code=1)
    assert words in result.stderr


def test_without_prompt_and_terminal_there_is_nothing_to_do(cli: Any) -> None:
    assert "nothing to answer" in cli("run", "serai-guide", code=2).stderr


def test_an_interrupt_stops_the_answer_and_ends(start: Any, home: Path) -> None:
    serving = start("run", "serai-guide", "endless", stdin=subprocess.DEVNULL)
    assert serving.process.stdout.read(11) == "endless on "
    serving.end(2)
    assert serving.process.returncode == 130
    assert not (home / "alive").exists()


def test_a_chat_remembers_what_was_said(terminal: Callable[..., Terminal], home: Path) -> None:
    chat = terminal("run", "serai-guide")
    chat.expect("/help lists the commands")
    for word in ("first", "second"):
        chat.expect(">>> ")
        chat.enter(word)
        chat.expect(word), chat.expect(word)
    chat.expect(">>> ")
    chat.enter("/save a title")
    chat.expect("Saved as 'a title'")
    chat.expect(">>> ")
    chat.enter("/bye")
    assert chat.ended() == 0
    assert not (home / "alive").exists()


def test_commands_show_and_change_how_the_chat_goes_on(terminal: Callable[..., Terminal]) -> None:
    chat = terminal("run", "serai-guide")
    for line, shown in (
        ("/help", "/set [NAME [VALUE]]"),
        ("/set temperature 0.2", "Settings: temperature = 0.2"),
        ("/set temperature 9", "it takes a number from 0 to 5"),
        ("/set temprature 1", "Did you mean temperature?"),
        ("/set temperature none", "Settings: those of the model"),
        ("/system Be brief.", "System prompt: Be brief."),
        ("/system none", "System prompt: none"),
        ("/model", "Model: serai-guide"),
        ("/model gide", "Did you mean serai-guide?"),
        ("/stats", "They follow every answer"),
        ("hello", "20.0 tokens/s"),
        ("fail", "Try another."),
        ("/save words to find", "Saved as 'words to find'"),
        ("/reset", "starts anew"),
        ("/save", "nothing to save"),
        ("/load words", "Going on with 'words to find': 2 messages"),
        ("/load ses_7", "There is no such session"),
        ("/nothing", "/help shows them"),
    ):
        chat.expect(">>> ")
        chat.enter(line)
        chat.expect(shown)
    chat.expect(">>> ")
    chat.type(CTRL_D)
    assert chat.ended() == 0


def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(terminal: Callable[..., Terminal], home: Path) -> None:
    chat = terminal("run", "serai-guide")
    chat.expect(">>> ")
    chat.enter("endless")
    chat.expect("on on")
    chat.type(CTRL_C)
    chat.expect("(stopped)")
    until(lambda: list(home.glob("cancelled-*")))
    chat.expect(">>> ")
    chat.enter("still there")
    chat.expect("still there"), chat.expect("still there")


def test_ctrl_c_at_the_prompt_leaves_when_pressed_again(terminal: Callable[..., Terminal], home: Path) -> None:
    chat = terminal("run", "serai-guide")
    chat.expect(">>> ")
    code = chat.press_until_ended(CTRL_C)
    assert code in {130, -signal.SIGINT}  # the latter: pressed once more while it was leaving
    assert "Traceback" not in chat.shown
    assert code != 130 or not (home / "alive").exists()


def test_messages_of_several_lines(terminal: Callable[..., Terminal], home: Path) -> None:
    chat = terminal("run", "serai-guide", "--plain")
    chat.expect(">>> ")
    chat.enter('"""one')
    chat.expect("... ")
    chat.enter('two"""')
    chat.expect("one\ntwo")
    chat.expect(">>> ")
    chat.enter("three\\")
    chat.expect("... ")
    chat.enter("four")
    chat.expect("three\nfour")


def test_history_is_kept_for_the_next_chat_for_this_user_alone(terminal: Callable[..., Terminal], home: Path) -> None:
    for keys, shown in (("remember me\r", "remember me"), ("\x1b[A\r", "remember me")):
        chat = terminal("run", "serai-guide")
        chat.expect(">>> ")
        chat.type(keys)
        chat.expect(shown), chat.expect(shown)
        chat.expect(">>> ")
        chat.type(CTRL_D)
        assert chat.ended() == 0
    assert (home / "history").stat().st_mode & 0o077 == 0


def test_markdown_is_rendered_for_people_and_raw_with_plain(terminal: Callable[..., Terminal]) -> None:
    rendered = terminal("run", "serai-guide", "**bold**")
    assert rendered.ended() == 0
    assert "\x1b[1m" in rendered.raw and "**bold**" not in rendered.shown.splitlines()[-2:]
    plain = terminal("run", "serai-guide", "**bold**", "--plain")
    assert plain.ended() == 0
    assert "**bold**" in plain.shown


def test_no_color_is_respected(terminal: Callable[..., Terminal]) -> None:
    listed = terminal("list", NO_COLOR="1")
    assert listed.ended() == 0
    assert "serai-guide" in listed.shown
    assert not [code for code in ("\x1b[3", "\x1b[38") if code in listed.raw]


def test_json_is_stable_under_a_terminal_too(terminal: Callable[..., Terminal]) -> None:
    listed = terminal("list", "--json")
    assert listed.ended() == 0
    assert json.loads(listed.shown)["models"][0]["name"] == "serai-guide"
