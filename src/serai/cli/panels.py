"""The groups in which `serai --help` shows its commands, in their order, and the options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

CHAT = "Chat"
MODELS = "Models"
SERVER = "Server"
SETTINGS = "Settings"
HELP = "Help"
PANELS = (CHAT, MODELS, SERVER, SETTINGS, HELP)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs; errors are JSON on stderr.")]
