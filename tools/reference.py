"""Writes the generated pages of the documentation: settings, command line. --check says whether they are stale."""

from __future__ import annotations

import subprocess
import sys
from itertools import groupby
from pathlib import Path

from serai.settings import SECRET_ALIASES, Declaration, Settings, declarations

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"


def settings_page() -> str:
    """Every setting as declared."""
    parts = [
        "# Settings",
        "Strongest first: command line, environment, `.env` in `SERAI_HOME`, `serai.toml` in `SERAI_HOME`, default. "
        "`serai config list` shows what holds and where it came from. Settings marked ↻ wait for the next start.",
        "`SERAI_HOME` itself and `HF_HOME` (the Hugging Face cache with the weights) come from the environment only.",
    ]
    for group, members in groupby(declarations(), key=lambda declaration: declaration.group):
        parts += [f"## {group}", str(Settings.model_fields[group].annotation.__doc__), _table(list(members))]
    names = "\n".join(f"| `{name}` | {', '.join(f'`{a}`' for a in also)} |" for name, also in SECRET_ALIASES.items())
    parts += ["## Secrets", "Kept encrypted, never shown again. Also read from the environment:"]
    parts += [f"| Secret | Environment |\n|---|---|\n{names}"]
    return "\n\n".join(parts) + "\n"


def _table(members: list[Declaration]) -> str:
    rows = ["| Setting | Default | What it does | Environment |", "|---|---|---|---|"]
    for one in members:
        choices = f" One of {', '.join(f'`{choice}`' for choice in one.choices)}." if one.choices else ""
        default = ", ".join(one.default) if isinstance(one.default, tuple) else str(one.default)
        env = ", ".join(f"`{name}`" for name in one.env)
        mark = " ↻" if one.restart else ""
        rows.append(
            f"| `{one.key}`{mark} | {f'`{default}`' if default else '(empty)'} | {one.description}{choices} | {env} |"
        )
    return "\n".join(rows)


def cli_page() -> str:
    """What the command line says of itself."""
    command = [sys.executable, "-m", "serai.cli.reference"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Writes, or with --check exits with 1 when a page is not what it should be."""
    stale = []
    for name, page in {"settings.md": settings_page(), "cli.md": cli_page()}.items():
        path = PAGES / name
        if not path.exists() or path.read_text("utf-8") != page:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(page, "utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run python tools/reference.py")


if __name__ == "__main__":
    main()
