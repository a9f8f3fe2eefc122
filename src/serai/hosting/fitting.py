"""How a model is best loaded in the room there is, and what would fit where what was asked does not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from serai.hosting.budget import MB, Need, Plan, need, scores
from serai.hosting.policy import fits
from serai.hub.shape import Shape

SHORTEST = 1024
"""A context is never shortened below this by itself."""

LEAST_CACHE = 64 * MB

_SMALLER_KV = ("q8_0", "q4_0")
_TIGHT = 0.9
_SCORES_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked: a plan, and which of its numbers nobody chose, so that they may change. `graphics`: there is a
    GPU for it."""

    plan: Plan
    any_context: bool = True
    any_parallel: bool = True
    any_layers: bool = True
    any_attention: bool = False
    most_cache: int = 0
    graphics: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """How the model is loaded, what that takes, and in words what differs from what was asked, and why."""

    plan: Plan
    need: Need
    shortened: str = ""
    device_reason: str = ""
    graphics: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Something else that would fit: how to load it (or another model), and that in words."""

    loading: Mapping[str, Any]
    text: str
    model: str = ""


def choose(shape: Shape, wish: Wish, now: Mapping[str, int], later: Mapping[str, int]) -> Choice | None:
    """The best that fits: as asked, else with fewer streams, into the room that is there now; then the same, else with
    a shorter context, into the room there could be `later`. None where nothing does."""
    for room in (now, later):
        for whole in (True, False):
            for plan in _streams(wish):
                if choice := _placed(shape, plan, wish, room, whole=whole):
                    return choice
    if not wish.any_context:
        return None
    single = replace(wish.plan, parallel=1) if wish.any_parallel else wish.plan
    context = longest(shape, single, wish, later)
    return _placed(shape, replace(single, context=context), wish, later, whole=False) if context else None


def longest(shape: Shape, plan: Plan, wish: Wish, room: Mapping[str, int]) -> int:
    """The longest context up to the plan's that fits, in steps of 256; 0 where not even the shortest does."""
    low, high = SHORTEST // 256, plan.context // 256
    if high < low or not _placed(shape, replace(plan, context=SHORTEST), wish, room, whole=False):
        return 0
    while low < high:
        middle = (low + high + 1) // 2
        if _placed(shape, replace(plan, context=middle * 256), wish, room, whole=False):
            low = middle
        else:
            high = middle - 1
    return low * 256


def with_cache(shape: Shape, choice: Choice, most: int, room: Mapping[str, int]) -> Choice:
    """The same with as much memory for past prompts as is left over, at most `most` and twice what the streams have."""
    left = room.get("cpu", 0) - choice.need.on("cpu")
    cache = min(most, max(LEAST_CACHE, 2 * choice.need.kv), choice.plan.cache + max(0, left))
    if cache <= choice.plan.cache:
        return choice
    plan = replace(choice.plan, cache=cache // MB * MB)
    return replace(choice, plan=plan, need=need(shape, plan))


def offers(shape: Shape, wish: Wish, room: Mapping[str, int], beside: Mapping[str, int]) -> Iterator[Offer]:
    """What would fit instead, the smallest sacrifice first. `beside` are other quantisations with their sizes."""
    plan = replace(wish.plan, layers=wish.plan.layers if not wish.any_layers else 0)
    found = False
    for changes, text in _sacrifices(shape, plan, wish, room):
        if _placed(shape, replace(plan, **_plan_fields(changes)), wish, room, whole=False):
            found = True
            yield Offer(changes, text)
    if not found:
        small = replace(plan, parallel=1, kv_type=_SMALLER_KV[0])
        if context := longest(shape, small, wish, room):
            changes = {"context": context, "parallel": 1, "kv_type": _SMALLER_KV[0]}
            yield Offer(changes, f"a context of {context:,} tokens, one call at a time, KV cache in {_SMALLER_KV[0]}")
    for name, size in sorted(beside.items(), key=lambda item: -item[1]):
        if size < shape.size and _placed(_scaled(shape, size / shape.size), wish.plan, wish, room, whole=False):
            yield Offer({}, f"{name} ({words(size)})", name)
            return


def asked(shape: Shape, wish: Wish) -> Need:
    """What the plan would take just as it was asked; where nobody chose, on the CPU."""
    return need(shape, replace(wish.plan, layers=0) if wish.any_layers else wish.plan)


def changed(wish: Wish, offer: Offer) -> Plan:
    """The plan with what an offer changes."""
    plan = wish.plan if not wish.any_layers else replace(wish.plan, layers=0)
    return replace(plan, **_plan_fields(offer.loading))


def verdict(choice: Choice | None, now: Mapping[str, int]) -> str:
    """`fits`, `tight` (others have to go first, or hardly anything is left) or `no`."""
    if choice is None:
        return "no"
    roomy = {device: int(size * _TIGHT) for device, size in now.items()}
    return "fits" if fits(choice.need.by_device, roomy) and not choice.shortened else "tight"


def words(size: float) -> str:
    """Bytes in decimal units, as people say them."""
    return f"{size / 1e9:.1f} GB" if size >= 0.95e9 else f"{size / 1e6:.0f} MB"


def _sacrifices(shape: Shape, plan: Plan, wish: Wish, room: Mapping[str, int]) -> Iterator[tuple[dict[str, Any], str]]:
    if plan.parallel > 1:
        yield {"parallel": 1}, "one call at a time"
    for kv_type in _SMALLER_KV:
        if plan.kv_type in {"f32", "f16", "bf16"} and shape.format == "gguf":
            yield {"kv_type": kv_type}, f"KV cache in {kv_type}"
    context = longest(shape, plan, wish, room)
    if context and context < plan.context:
        yield {"context": context}, f"a context of {context:,} tokens"
    if plan.layers:
        yield {"device": "cpu"}, "on the CPU"


def _plan_fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {"layers": 0} if "device" in changes else dict(changes)


def _streams(wish: Wish) -> Iterator[Plan]:
    """The plan as asked, then with ever fewer streams."""
    least = 1 if wish.any_parallel else wish.plan.parallel
    for parallel in range(wish.plan.parallel, least - 1, -1):
        yield replace(wish.plan, parallel=parallel)


def _placed(shape: Shape, plan: Plan, wish: Wish, room: Mapping[str, int], *, whole: bool) -> Choice | None:
    """The plan with its layers where they fit, or None. `whole`: all of them on the GPU, where there is one."""
    every = len(shape.layers) + 1
    reason = ""
    if wish.any_layers:
        graphics = room.get("gpu", 0)
        layers = every if graphics else 0
        if graphics and need(shape, replace(plan, layers=every)).on("gpu") > graphics:
            if whole:
                return None
            layers = _layers_that_fit(shape, plan, graphics, every)
            wanted = words(need(shape, replace(plan, layers=every)).on("gpu"))
            where = "CPU" if not layers else f"{layers} of {every} layers on the GPU"
            reason = f"{where}: {wanted} needed, {words(graphics)} free on the GPU."
        plan = replace(plan, layers=layers)
    for attention in _attentions(shape, plan, wish):
        placed = replace(plan, attention=attention)
        needed = need(shape, placed)
        if fits(needed.by_device, room):
            return Choice(placed, needed, _difference(wish.plan, placed), reason, wish.graphics)
    return None


def _attentions(shape: Shape, plan: Plan, wish: Wish) -> tuple[bool, ...]:
    """Flash attention or not, the better first. On the CPU long texts are read and gone on with faster without it, as
    long as the KV cache is not packed and the scores take little beside the weights."""
    if not wish.any_attention or plan.layers or plan.kv_type not in {"f32", "f16"}:
        return (plan.attention,)
    return (False, True) if scores(shape, plan) * _SCORES_SHARE <= shape.weights else (True,)


def _layers_that_fit(shape: Shape, plan: Plan, graphics: int, every: int) -> int:
    low, high = 0, every - 1
    while low < high:
        middle = (low + high + 1) // 2
        if need(shape, replace(plan, layers=middle)).on("gpu") <= graphics:
            low = middle
        else:
            high = middle - 1
    return low if shape.format == "gguf" else 0


def _difference(asked: Plan, got: Plan) -> str:
    parts = []
    if got.context < asked.context:
        parts.append(f"a context of {got.context:,} tokens instead of {asked.context:,}")
    if got.parallel < asked.parallel:
        parts.append(f"{got.parallel} call{'s' if got.parallel > 1 else ''} at once instead of {asked.parallel}")
    return f"Memory is short: {' and '.join(parts)}." if parts else ""


def _scaled(shape: Shape, ratio: float) -> Shape:
    """The same model with smaller weights."""
    layers = tuple(
        replace(layer, weights=int(layer.weights * ratio), rearranged=int(layer.rearranged * ratio))
        for layer in shape.layers
    )
    return replace(
        shape,
        layers=layers,
        input=int(shape.input * ratio),
        output=int(shape.output * ratio),
        other=int(shape.other * ratio),
        rearranged=int(shape.rearranged * ratio),
        elements={kind: int(count * ratio) for kind, count in shape.elements.items()},
    )
