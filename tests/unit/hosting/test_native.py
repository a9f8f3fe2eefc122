"""Which llama-servers there are, and which one is used."""

import json
from pathlib import Path

import pytest
from tests.fakes import llama_server

from serai.errors import BadRequest, Conflict, NotFound
from serai.hosting import native
from serai.registry import Launch

LAUNCH = Launch("llama.cpp", "m", "/m.gguf")


def built(home: Path, name: str, built_at: float = 1.0) -> str:
    binary = llama_server.write(home / "made" / "llama-server")
    facts = {"version": "9", "features": ["AVX9"], "built_at": built_at}
    return native.keep(home, binary, name, facts).path


def used(home: Path, setting: str) -> str:
    return next(server.name for server in native.servers(home, setting) if server.in_use)


def test_without_a_build_the_wheel_runs(tmp_path: Path) -> None:
    (server,) = native.servers(tmp_path, "auto")
    assert (server.name, server.kind, server.in_use) == ("wheel", "wheel", True) and server.version
    assert native.equip(LAUNCH, tmp_path, "auto") == LAUNCH


def test_the_newest_build_runs_unless_another_is_chosen(tmp_path: Path) -> None:
    built(tmp_path, "9-old", 1.0), built(tmp_path, "9-new", 2.0)
    assert [used(tmp_path, choice) for choice in ("auto", "9-old", "wheel")] == ["9-new", "9-old", "wheel"]


def test_a_launch_gets_the_program_and_may_read_what_lies_beside_it(tmp_path: Path) -> None:
    path = built(tmp_path, "9-a")
    launch = native.equip(LAUNCH, tmp_path, "auto")
    assert (launch.program, launch.readable) == (path, ())


def test_a_build_that_is_gone_leaves_the_wheel(tmp_path: Path) -> None:
    assert used(tmp_path, "9-gone") == "wheel"
    Path(built(tmp_path, "9-a")).unlink()
    assert used(tmp_path, "auto") == "wheel"


@pytest.mark.parametrize("facts", ["", "[]", "{}", json.dumps({"version": 1, "features": 3, "built_at": "x"})])
def test_a_build_whose_facts_are_damaged_is_as_if_not_there(tmp_path: Path, facts: str) -> None:
    Path(built(tmp_path, "9-a")).with_name("build.json").write_text(facts)
    assert used(tmp_path, "auto") == "wheel"


def test_a_program_that_was_named_is_listed(tmp_path: Path) -> None:
    given = native.servers(tmp_path, "/opt/llama-server")[-1]
    assert (given.kind, given.path, given.in_use) == ("given", "/opt/llama-server", True)


def test_only_what_was_built_here_is_deleted(tmp_path: Path) -> None:
    path = built(tmp_path, "9-a")
    native.remove(tmp_path, "9-a")
    assert not Path(path).exists()
    for name, error in {"wheel": Conflict, "/opt/llama-server": Conflict, "9-a": NotFound, "../x": NotFound}.items():
        with pytest.raises(error):
            native.remove(tmp_path, name)


def test_a_program_that_anybody_can_change_is_refused(tmp_path: Path) -> None:
    program = llama_server.write(tmp_path / "llama-server")
    native.check_program(str(program))
    for mode in (0o757, 0o644):
        program.chmod(mode)
        with pytest.raises(BadRequest):
            native.check_program(str(program))
    with pytest.raises(BadRequest, match="No such file"):
        native.check_program(str(tmp_path / "gone"))


def test_a_program_is_known_by_its_name_in_the_list(tmp_path: Path) -> None:
    made = llama_server.write(tmp_path / "llama-server")
    built = native.keep(tmp_path, made, "9-a", {"version": "9", "features": [], "built_at": 1.0})
    assert [native.server_of(program) for program in ("", built.path, str(made))] == ["wheel", "9-a", str(made)]
