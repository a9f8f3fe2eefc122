"""GET /v1/models: what can be asked."""

from __future__ import annotations

from typing import Any

from serai.api.deps import PrincipalDep, ServicesDep, model_for, models_for
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import Forbidden
from serai.types import Model

routes = router(Scope.INFER, prefix="/v1", tag="openai")


@routes.get("/models")
async def list_openai_models(services: ServicesDep, who: PrincipalDep) -> dict[str, Any]:
    """The models that can be asked, in OpenAI's shape."""
    return {"object": "list", "data": [_shape(model) for model in await models_for(services, who)]}


@routes.get("/models/{model:path}")
async def get_openai_model(services: ServicesDep, who: PrincipalDep, model: str) -> dict[str, Any]:
    """One model."""
    return _shape(await model_for(services, who, model))


@routes.delete("/models/{model:path}")
async def delete_openai_model(services: ServicesDep, who: PrincipalDep, model: str) -> dict[str, Any]:
    """Is always refused: a key that asks models must not delete them."""
    found = await model_for(services, who, model)
    hint = f"Whoever runs Serai can: `serai rm {found.name}`."
    raise Forbidden(f"{found.name} cannot be deleted through OpenAI's API.", hint=hint, param="model")


def _shape(model: Model) -> dict[str, Any]:
    owner = model.name.partition("/")[0] if "/" in model.name else "serai"
    facts = {"task": model.task, "context_length": model.context_length, "quantisation": model.quantisation}
    return {
        "id": model.name,
        "object": "model",
        "created": int(model.added_at or 0),
        "owned_by": owner,
        "serai": {**facts, "place": model.place, "size": model.size, "parameters": model.parameters},
    }
