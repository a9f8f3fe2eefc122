import os
import stat
import subprocess
import sys
from pathlib import Path

from serai.hosting import environment


def test_only_what_is_named_gets_through(tmp_path: Path) -> None:
    given = {"PATH": "/bin", "HF_TOKEN": "hf_x", "OPENAI_API_KEY": "sk-x", "AWS_SECRET": "x", "HOME": "/root"}
    clean = environment.clean(given, tmp_path)
    assert clean["PATH"] == "/bin" and clean["HOME"] == str(tmp_path)
    assert not {"HF_TOKEN", "OPENAI_API_KEY", "AWS_SECRET"} & set(clean)


def test_the_scratch_folder_is_private_and_short() -> None:
    folder = environment.make_scratch()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and len(str(folder)) < 90
    environment.remove_scratch(folder)
    assert not folder.exists()


def test_a_long_temporary_folder_is_not_used(monkeypatch: object, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    code = "from serai.hosting import environment as e; f = e.make_scratch(); print(f); e.remove_scratch(f)"
    environ = {"TMPDIR": str(long), "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    out = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert len(out.stdout.strip()) < 90


def test_the_sweep_takes_only_what_dead_servers_left(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    left = tmp_path / f"serai-{dead.pid}-abc"
    ours = tmp_path / f"serai-{os.getpid()}-abc"
    foreign = tmp_path / "serai-notes-abc"
    for folder in (left, ours, foreign):
        folder.mkdir()
    environment.sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([ours, foreign])
