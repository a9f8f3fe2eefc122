"""Which hosts a Hugging Face token may be shown to. Pure."""

from __future__ import annotations

from yarl import URL

_HOUSE = ("huggingface.co", "huggingface.cloud")


def one_house(url: str, other: str) -> bool:
    """Whether both addresses are of one owner: the same host, or both Hugging Face's own."""
    first, second = URL(url), URL(other)
    return (first.host == second.host and first.scheme == second.scheme) or (_own(first) and _own(second))


def belongs(url: str, api: str) -> bool:
    """Whether an Endpoint's address is one that the API at `api` gives out: its own host, or one beside it."""
    endpoint, management = URL(url), URL(api)
    if endpoint.scheme != management.scheme or not endpoint.host or not management.host:
        return False
    domain = management.host.removeprefix("api.")
    return endpoint.host == management.host or (domain != management.host and endpoint.host.endswith(f".{domain}"))


def _own(url: URL) -> bool:
    host = url.host or ""
    return url.scheme == "https" and any(host == own or host.endswith(f".{own}") for own in _HOUSE)
