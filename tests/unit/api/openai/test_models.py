"""/v1/models by the official client."""

from __future__ import annotations

from typing import Any

import openai
import pytest


async def test_models_are_listed_and_found(client: Any) -> None:
    assert [model.id async for model in client.models.list()] == ["scripted"]
    found = await client.models.retrieve("scripted")
    assert (found.object, found.owned_by, found.serai["context_length"]) == ("model", "serai", 4096)


async def test_an_unknown_model_is_not_found(client: Any) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        await client.models.retrieve("scriptd")
    assert refused.value.code == "model_not_found"


async def test_deleting_is_refused_in_words(client: Any) -> None:
    with pytest.raises(openai.PermissionDeniedError, match="cannot be deleted"):
        await client.models.delete("scripted")
    assert [model.id async for model in client.models.list()] == ["scripted"]
