"""The Python client: `serai.Client` and `serai.AsyncClient`, two ways to make the same requests.

    with serai.Client() as client:
        print(client.chat("What is Serai?"))
        for piece in client.chat("Tell me a story", stream=True, temperature=0.8):
            print(piece, end="", flush=True)

Every method raises a SeraiError of `serai.errors` with the server's message, hint and facts."""

from serai.client.asynchronous import AsyncClient
from serai.client.blocking import Client
from serai.client.exchange import DEFAULT_URL
from serai.client.following import Event
from serai.client.streams import AsyncStream, Stream

__all__ = ["DEFAULT_URL", "AsyncClient", "AsyncStream", "Client", "Event", "Stream"]
