"""The least that a relay in Python does, to compare with: `python -m bench.bare URL` says its address.

FastAPI and aiohttp as they come: it reads a chat's body, asks the service at URL, reads every event of a stream and
writes it anew. No keys, no routes, nothing counted, no faults handled."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import orjson
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse

app = FastAPI()
_KEY = {"authorization": "Bearer key", "content-type": "application/json"}


@app.post("/v1/chat/completions")
async def chat(request: Request) -> Response:
    asked = orjson.loads(await request.body())
    post = app.state.session.post(app.state.url, data=orjson.dumps(asked), headers=_KEY)
    if asked.get("stream"):
        return StreamingResponse(_events(post), media_type="text/event-stream")
    async with post as response:
        answer = orjson.loads(await response.read())
    return Response(orjson.dumps(answer), media_type="application/json")


async def _events(post: Any) -> AsyncGenerator[bytes, None]:
    async with post as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield b"data: " + orjson.dumps(orjson.loads(line[6:])) + b"\n\n"
    yield b"data: [DONE]\n\n"


async def serve(url: str) -> None:
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # else answers wait for acknowledgements
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        app.state.url = f"{url}/v1/chat/completions"
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as app.state.session:
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
            await server.serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
