"""What a remote service costs through Serai: time added, requests and streamed messages a second, memory.

`python -m bench.routing [ROUNDS]` starts a scripted service on loopback, a real server of Serai that has it as a
service (asked with a key that has limits, everything counted), the least that a relay in Python does, and LiteLLM's
proxy where `LITELLM` names it. All are asked by the same client in turns, round after round; figures are medians of
the rounds. Beside the wall clock it tells the processor time of each one's own processes, which a busy machine
disturbs less."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench import relays
from bench.relays import Side

CLIENTS = 16
MANY = 100_000
Figures = dict[str, float]


class Load:
    """The client, in a process of its own."""

    def __init__(self, stack: ExitStack) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = stack.enter_context(
            relays.ended(subprocess.Popen([sys.executable, "-m", "bench.load"], **pipes))
        )  # type: ignore[call-overload]

    def ask(self, side: Side, clients: int, chats: int, words: int, *, stream: bool) -> dict[str, Any]:
        asked = {"url": side.url, "model": side.model, "key": side.key, "clients": clients, "chats": chats}
        self._process.stdin.write(json.dumps({**asked, "words": words, "stream": stream}).encode() + b"\n")
        self._process.stdin.flush()
        before = side.spent()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return {**answer, "spent": side.spent() - before}


def measured(load: Load, side: Side, scale: int) -> Figures:
    """One round: `scale` times as much for those who are fast."""
    alone = load.ask(side, 1, 100 * scale, 8, stream=False)
    first = load.ask(side, 1, 100 * scale, 8, stream=True)
    whole = load.ask(side, CLIENTS, 20 * scale, 8, stream=False)
    stream = load.ask(side, CLIENTS, 2 * scale, 200, stream=True)
    chats = CLIENTS * 20 * scale
    return {
        "whole_p50": _part(alone, 0.5),
        "whole_p99": _part(alone, 0.99),
        "first_p50": _part(first, 0.5),
        "first_p99": _part(first, 0.99),
        "chats": chats / whole["seconds"],
        "chat_us": whole["spent"] / chats * 1e6,
        "messages": stream["words"] / stream["seconds"],
        "message_us": stream["spent"] / stream["words"] * 1e6,
    }


def _part(answer: dict[str, Any], share: float) -> float:
    times = sorted(answer["times"])
    return float(times[int(len(times) * share)]) * 1e3


def memory(load: Load, side: Side) -> None:
    """Whether it grows: after a tenth of many calls, and after all."""
    sizes = []
    for part in (MANY // 10, MANY - MANY // 10):
        load.ask(side, CLIENTS, part // CLIENTS, 8, stream=False)
        sizes.append(side.process.memory_info().rss / 1e6)
    print(f"{side.name:20} memory after {MANY // 10:,} calls {sizes[0]:.1f} MB, after {MANY:,} {sizes[1]:.1f} MB")


def show(medians: dict[str, Figures]) -> None:
    """A line for each side, and one for how the two relays compare."""
    bare = medians[relays.SERVICE]
    for name, of in medians.items():
        added = {what: of[what] - bare[what] for what in of if what.endswith(("p50", "p99"))}
        print(f"\n{name}" + ("" if of is bare else " (time added to the service's own)"))
        times = of if of is bare else added
        print(f"  whole answer, 1 client       p50 {times['whole_p50']:8.3f} ms, p99 {times['whole_p99']:8.3f} ms")
        print(f"  first token, 1 client        p50 {times['first_p50']:8.3f} ms, p99 {times['first_p99']:8.3f} ms")
        for what, unit in (("chat", "whole answers"), ("message", "streamed messages")):
            rate, cost = of[f"{what}s"], of[f"{what}_us"]
            print(
                f"  {unit}, {CLIENTS} clients".ljust(30),
                f"{rate:10,.0f} a second, {cost:8.1f} µs of processor time each",
            )
    ours = medians["Serai"]
    for name in (relays.BARE, "LiteLLM"):
        if (theirs := medians.get(name)) is not None:
            chats, messages = ours["chats"] / theirs["chats"], ours["messages"] / theirs["messages"]
            print(f"\nSerai against {name}: {chats:.2f} × the answers, {messages:.2f} × the messages a second")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    figures: dict[str, list[Figures]] = {}
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="serai-bench-") as folder:
        load, service = Load(stack), relays.scripted(stack)
        serai = relays.serai(stack, Path(folder) / "serai", service)
        lite = relays.litellm(stack, Path(folder) / "lite", service)
        sides = [side for side in (service, relays.bare(stack, service), serai, lite) if side is not None]
        for side in sides:
            measured(load, side, 1)  # to be warm
        for _ in range(rounds):
            for side in sides:
                scale = 1 if side is lite else 10
                figures.setdefault(side.name, []).append(measured(load, side, scale))
        show({name: {what: median(one[what] for one in of) for what in of[0]} for name, of in figures.items()})
        memory(load, serai)


if __name__ == "__main__":
    main()
