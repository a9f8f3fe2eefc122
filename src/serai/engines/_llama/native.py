"""A native `llama-server` in the place of this process, told what the wheel would be told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from serai.engines._llama.options import REPEATED, SLOTS, SPECULATION, Options
from serai.registry import Launch

_ANSWERS_S = 20.0


class Unusable(Exception):
    """The program cannot run here; the text says why."""


def gpus(program: str) -> list[str]:
    """The GPUs that this llama-server can use. Raises Unusable."""
    command = [program, "--list-devices"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ANSWERS_S, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unusable(f"{Path(program).name} cannot be run: {error}") from error
    if done.returncode:
        raise Unusable(f"{Path(program).name} ended with status {done.returncode}: {_last(done.stderr)}")
    return read_devices(done.stdout.decode("utf-8", "replace"))


def read_devices(text: str) -> list[str]:
    """The names in the list that `--list-devices` prints: `  CUDA0: NVIDIA H100 (81559 MiB, 80994 MiB free)`."""
    lines = re.findall(r"^\s+(\w+): (.+?) \(\d+ MiB, \d+ MiB free\)\s*$", text, re.MULTILINE)
    return [name for device, name in lines if not device.startswith(("CPU", "BLAS", "ACCEL"))]


def arguments(launch: Launch, options: Options) -> list[str]:
    """The options as `llama-server` takes them; the token it takes from the environment, which others cannot see."""
    return [
        *("--model", launch.path, "--alias", launch.model),
        *_listen(launch, options),
        *_memory(options),
        *_extras(launch, options),
    ]


def become(program: str, arguments: Sequence[str], launch: Launch) -> NoReturn:
    """Runs the program instead of this process. What ends this process with its parent on Linux stays in force."""
    environ = {**os.environ, "LLAMA_API_KEY": launch.token}
    for index, (path, _) in enumerate(launch.adapters):
        _link(index).symlink_to(path)
    sys.stdout.flush()
    if sys.platform == "linux":
        os.execve(program, [program, *arguments], environ)  # noqa: S606 - a shell is what it must not have
    # Elsewhere this process stays, since only it sees the end of the server: then it ends their whole group.
    sys.exit(subprocess.run([program, *arguments], env=environ, check=False, stdin=subprocess.DEVNULL).returncode)


def _listen(launch: Launch, options: Options) -> list[str]:
    where = [launch.socket] if launch.socket else ["127.0.0.1", "--port", str(launch.port)]
    return [
        *("--host", *where, "--no-ui", "--offline", "--slots", "--slot-save-path", f"{SLOTS}/"),
        *("--threads-http", str(options.parallel + 4), "--log-colors", "off", "--verbosity", "3"),
    ]


def _memory(options: Options) -> list[str]:
    return [
        *(
            "--kv-unified" if options.unified else "--no-kv-unified",
            "--ctx-size",
            str(options.context),
            "--parallel",
            str(options.parallel),
        ),
        *("--batch-size", str(options.batch), "--ubatch-size", str(options.batch)),
        *("--cache-prompt", "--cache-ram", str(options.cache_mb), "--no-context-shift"),
        *("--cache-type-k", options.kv_type, "--cache-type-v", options.kv_type),
        *(("--ctx-checkpoints", str(options.checkpoints)) if options.checkpoints else ()),
        *("--flash-attn", options.flash_attention),
        *("--threads", str(options.threads), "--threads-batch", str(options.threads), "--poll", "0"),
        *_device(options),
    ]


def _device(options: Options) -> list[str]:
    if not options.gpus:
        return []
    if options.layers == 0:  # without this a GPU would still help with long prompts, and take memory for it
        return ["--gpu-layers", "0", "--device", "none", "--fit", "off"]
    fit = options.layers == -1
    return ["--gpu-layers", "auto" if fit else str(options.layers), "--fit", "on" if fit else "off"]


def _extras(launch: Launch, options: Options) -> list[str]:
    extras: list[str] = []
    if launch.projector:
        extras += ["--mmproj", launch.projector]
        extras += [] if options.layers else ["--no-mmproj-offload"]
    for index, (_, scale) in enumerate(launch.adapters):
        extras += ["--lora-scaled", f"{_link(index)}:{scale!r}"]
    if options.template:
        extras += ["--chat-template", options.template]
    if options.guessed:
        extras += ["--spec-type", SPECULATION]
        extras += ["--spec-ngram-map-k-size-n", str(REPEATED), "--spec-ngram-map-k-size-m", str(options.guessed)]
    return extras + {"own": ["--embedding"], "rank": ["--reranking"]}.get(options.pooling, [])


def _link(index: int) -> Path:
    """A name for an adapter without the commas and colons that separate names on the command line."""
    return Path(f"adapter{index}.gguf")


def _last(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
