"""What Serai's HTTP costs: the time before the first token, requests and streamed messages a second, by one process.

`python -m bench.api` starts servers over a scripted model and drives them with plain sockets, so that the client costs
little. Beside the wall clock it tells the server's own processor time, which a busy machine disturbs less."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from bench.common import ROOT, environment

Work = Callable[["Client"], Awaitable[int]]


class Client:
    """One connection that is kept."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(self._path, limit=1 << 22)

    async def ask(self) -> int:
        """One whole answer."""
        head = await self._send()
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return 1

    async def first(self) -> float:
        """The seconds to a stream's first token."""
        began = time.perf_counter()
        await self._send(stream=True)
        await self._reader.readuntil(b'"content":"1')
        took = time.perf_counter() - began
        await self._reader.readuntil(b"0\r\n\r\n")
        return took

    async def stream(self) -> int:
        """Reads a stream to its end; how many messages came."""
        await self._send(stream=True)
        messages = 0
        while True:
            chunk = await self._reader.read(1 << 20)
            messages += chunk.count(b"data: ")
            if chunk.endswith(b"0\r\n\r\n"):
                return messages

    async def _send(self, **fields: object) -> bytes:
        body = json.dumps({"messages": [{"role": "user", "content": "hi"}], **fields}).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        self._writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        return answer

    def close(self) -> None:
        self._writer.close()


async def serve(home: Path, tokens: int) -> tuple[asyncio.subprocess.Process, str]:
    """A server whose model says so many tokens at once."""
    path = home / "socket"
    home.mkdir()
    env = environment(home)
    env["PYTHONPATH"] += f":{ROOT}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.serve", str(home), str(path), str(tokens), cwd=ROOT, env=env
    )
    while not path.exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return process, str(path)


async def measure(server: tuple[asyncio.subprocess.Process, str], count: int, rounds: int, work: Work) -> str:
    """So many clients at once, each so many rounds: units a second, and the server's processor time for one."""
    clients = [Client(server[1]) for _ in range(count)]
    for client in clients:
        await client.open()
        await client.ask()

    async def all_rounds(client: Client) -> int:
        return sum([await work(client) for _ in range(rounds)])

    process = psutil.Process(server[0].pid)
    began, spent = time.perf_counter(), sum(process.cpu_times()[:2])
    units = sum(await asyncio.gather(*map(all_rounds, clients)))
    took, spent = time.perf_counter() - began, sum(process.cpu_times()[:2]) - spent
    for client in clients:
        client.close()
    return f"{units / took:9,.0f} a second, {spent / units * 1e6:6.1f} µs of processor time each"


async def first_tokens(path: str, rounds: int) -> str:
    client = Client(path)
    await client.open()
    times = sorted([await client.first() for _ in range(rounds)][rounds // 10 :])
    client.close()
    return f"p50 {times[len(times) // 2] * 1e3:.2f} ms, p99 {times[int(len(times) * 0.99)] * 1e3:.2f} ms"


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as folder:
        short = await serve(Path(folder) / "short", 1)
        long = await serve(Path(folder) / "long", 2000)
        try:
            print("first token of a stream      ", await first_tokens(short[1], 1000))
            print("whole answers, 1 client      ", await measure(short, 1, 500, Client.ask))
            print("whole answers, 16 clients    ", await measure(short, 16, 150, Client.ask))
            print("streamed messages, 1 client  ", await measure(long, 1, 10, Client.stream))
            print("streamed messages, 8 clients ", await measure(long, 8, 5, Client.stream))
        finally:
            for process, _ in (short, long):
                process.terminate()
                await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
