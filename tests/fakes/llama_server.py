"""A program that takes llama-server's command line and answers as one, without a model; `real` finds a real one.

`write` makes a script of it; `says` are its first words for `--list-devices`, `dies` a status it ends with instead of
serving."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_SCRIPT = """\
#!{python}
import json, os, sys
from http.server import BaseHTTPRequestHandler
from socketserver import UnixStreamServer

if "--list-devices" in sys.argv:
    print("Available devices:")
    sys.exit({broken})
if "--version" in sys.argv:
    print("version: 9.9.9-fake (build 1, commit 0000000)")
    sys.exit()
if {dies}:
    sys.exit({dies})

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({{"status": "ok"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer({{"content": "fake", "tokens": {tokens}, "argv": sys.argv, "body": body, "pid": os.getpid()}})

    def answer(self, data):
        text = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self):
        return "socket"

path = sys.argv[sys.argv.index("--host") + 1]
UnixStreamServer(path, Handler).serve_forever()
"""


def real() -> str:
    """A real one of this machine; empty where there is none."""
    return os.environ.get("SERAI_TEST_LLAMA_SERVER") or shutil.which("llama-server") or ""


def write(path: Path, *, tokens: str = "[1, 2]", broken: int = 0, dies: int = 0) -> Path:
    """The script, executable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_SCRIPT.format(python=sys.executable, tokens=tokens, broken=broken, dies=dies))
    path.chmod(0o755)
    return path
