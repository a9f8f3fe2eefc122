"""What an address takes, for whoever comes with another method."""

from __future__ import annotations

from starlette.routing import Match
from starlette.types import Scope

from serai.errors import NotFound, SeraiError

API = ("api/", "v1/", "v2/", "ws/", "hf/", "hub/", "mcp/", "metrics/", "health/", "ready/")
"""Below these there are no views of the page: an unknown address is an error."""

REST = "/{path:path}"
"""The page's route, which takes all that is left."""


class MethodNotAllowed(SeraiError):
    """`allow` names the methods that the address takes."""

    status = 405
    code = "method_not_allowed"
    who = "you"


def refused(scope: Scope) -> SeraiError:
    """What is wrong where no route fits: the method, or else the address."""
    allowed: set[str] = set()
    for route in scope["app"].router.routes:
        taken = getattr(route, "methods", None) or ()
        in_api = f"{scope['path'].lstrip('/')}/".startswith(API)
        if taken and not (in_api and route.path == REST) and route.matches(scope)[0] is not Match.NONE:
            allowed |= taken
    if not allowed:
        return NotFound("There is nothing at this address.", hint="/api/v1/openapi.json describes the API.")
    allow = ", ".join(sorted(allowed))
    return MethodNotAllowed("This address does not take that method.", hint=f"It takes {allow}.", allow=allow)
