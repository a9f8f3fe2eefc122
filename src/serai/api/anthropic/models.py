"""GET /v1/models for Anthropic's clients, who share the address with OpenAI's and are known by their header."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from starlette.routing import Match
from starlette.types import Scope as Asgi

from serai.api import envelopes
from serai.api.deps import PrincipalDep, ServicesDep, model_for, models_for
from serai.api.routes import Guarded, router
from serai.api.scopes import Scope
from serai.types import Model


class ForAnthropic(Guarded):
    """A route for those who say `anthropic-version`; to others it is not there."""

    def matches(self, scope: Asgi) -> tuple[Match, Asgi]:
        if not envelopes.speaks_anthropic(scope):
            return Match.NONE, {}
        return super().matches(scope)


routes = router(Scope.INFER, prefix="/v1", tag="anthropic", kind=ForAnthropic)


@routes.get("/models", include_in_schema=False)
async def list_anthropic_models(
    services: ServicesDep,
    who: PrincipalDep,
    before_id: str | None = None,
    after_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> dict[str, Any]:
    """The models that can be asked, page by page."""
    models = await models_for(services, who)
    names = [model.name for model in models]
    start = names.index(after_id) + 1 if after_id in names else 0
    end = names.index(before_id) if before_id in names else len(names)
    start = max(start, end - limit) if before_id in names else start
    page = models[start : min(end, start + limit)]
    return _page(page, more=start + len(page) < end if before_id not in names else start > 0)


@routes.get("/models/{model:path}", include_in_schema=False)
async def get_anthropic_model(services: ServicesDep, who: PrincipalDep, model: str) -> dict[str, Any]:
    """One model."""
    return _shape(await model_for(services, who, model))


def _page(models: Sequence[Model], *, more: bool) -> dict[str, Any]:
    data = [_shape(model) for model in models]
    ends = {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
    return {"data": data, "has_more": more, **ends}


def _shape(model: Model) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.title or model.name,
        "created_at": datetime.fromtimestamp(model.added_at or 0, UTC).isoformat().replace("+00:00", "Z"),
        "lifecycle": "active",
        "max_input_tokens": model.context_length,
        "max_tokens": model.context_length,
    }
