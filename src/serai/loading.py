"""How a model is loaded: what a person may set for it. What is left out, Serai chooses for this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from serai.errors import BadRequest, UnknownField

Device = Literal["cpu", "gpu"]
KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]
Dtype = Literal["float32", "float16", "bfloat16"]


@checked(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Loading:
    """None leaves the choice to Serai; what an engine does not know it ignores and says so in its facts."""

    engine: Annotated[str | None, Field(description="Engine that runs it, where several could.")] = None
    device: Annotated[Device | None, Field(description="Where it runs.")] = None
    context: Annotated[int | None, Field(ge=256, le=1 << 24, description="Tokens of context for each call.")] = None
    parallel: Annotated[int | None, Field(ge=1, le=64, description="Calls it answers at the same time.")] = None
    threads: Annotated[int | None, Field(ge=1, le=1024, description="Processor threads.")] = None
    gpu_layers: Annotated[int | None, Field(ge=0, le=10_000, description="Layers placed on the GPU.")] = None
    kv_type: Annotated[KvType | None, Field(description="Type of the numbers in its KV cache.")] = None
    flash_attention: Annotated[bool | None, Field(description="Attention in less memory.")] = None
    dtype: Annotated[Dtype | None, Field(description="Type of its weights, for safetensors.")] = None
    bits: Annotated[Literal[4, 8] | None, Field(description="Weights in so many bits, for safetensors.")] = None
    projector: Annotated[str | None, Field(description="Model that reads pictures for it (mmproj).")] = None
    adapters: Annotated[dict[str, float], Field(description="LoRA adapters by name, with their scale.")] = field(
        default_factory=dict
    )
    chat_template: Annotated[
        str | None, Field(max_length=32_000, description="Jinja that turns a chat into a prompt, in place of its own.")
    ] = None
    speculation: Annotated[bool | None, Field(description="Guess ahead where a text repeats itself.")] = None


_ADAPTER: TypeAdapter[Loading] = TypeAdapter(Loading)


def read(given: Mapping[str, Any]) -> Loading:
    """What was set, in its own types. Raises UnknownField or BadRequest, naming the field."""
    try:
        return _ADAPTER.validate_python(dict(given))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
            names = ", ".join(Loading.__dataclass_fields__)
            raise UnknownField(f"Loading takes no {where!r}.", hint=f"There are: {names}.", field=where) from None
        raise BadRequest(f"{where} = {problem['input']!r} does not fit: {problem['msg']}.", field=where) from None


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was set, checked; None means unset. Raises UnknownField or BadRequest, naming the field."""
    wanted = {name: value for name, value in given.items() if value is not None}
    loading = read(wanted)
    return {name: getattr(loading, name) for name in wanted}
