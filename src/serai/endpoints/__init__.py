"""What a client can ask of Serai: every request is shaped here once, for the synchronous and the asynchronous client.

A shape is a function from the call's arguments to a `Request`; `serai.client` makes a method of it on either client.
Answers are JSON in the API's own words (docs/reference); only what models answer has classes of its own."""

from serai.endpoints._request import DATA_SETS, NATIVE, Json, Messages, Request, as_it_is

__all__ = ["DATA_SETS", "NATIVE", "Json", "Messages", "Request", "as_it_is"]
