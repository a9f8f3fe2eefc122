"""What llama.cpp's server is to do, before it is said in the words of the wheel or of a native server. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from serai.registry import Launch
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING

SLOTS = "slots"
"""The folder inside the scratch folder where the contents of slots are saved to."""

SPECULATION = "ngram-map-k"
REPEATED = 8
_MOST_GUESSED, _LEAST_GUESSED = 16, 4
"""Where the last 8 tokens came before, up to 16 that followed there are guessed and checked in one go. For each such
place it is remembered how much of the guess was right, and never more is guessed again. So text that does not repeat
itself is not guessed at, and a wrong guess costs a few tokens once (bench/engines.md)."""

_USUAL_BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`gpus` is how many there are. `layers` -1 is what fits on the GPU, 0 keeps away from it.
    `context` and `batch` are those of the whole server;
    `pooling` is `""` for a model that writes; `guessed` 0 is no speculation; `checkpoints` 0 are llama.cpp's own
    number, and no `template` means the model's."""

    gpus: int
    device: str
    device_reason: str
    layers: int
    context: int
    parallel: int
    batch: int
    threads: int
    cache_mb: int
    unified: bool
    kv_type: str
    flash_attention: str
    pooling: str
    guessed: int
    checkpoints: int
    template: str = ""


def choose(launch: Launch, gpus: list[str], template: str = "") -> Options:
    """What a launch asks for, on a machine with these GPUs; `template` takes the place of the model's own."""
    device, reason, layers = choose_device(launch.device, launch.gpu_layers, gpus)
    embeds = launch.task in (FEATURE_EXTRACTION, TEXT_RANKING)
    batch = launch.batch or _USUAL_BATCH
    return Options(
        gpus=len(gpus),
        device=device,
        device_reason=reason,
        layers=layers,
        context=launch.context * launch.parallel,
        parallel=launch.parallel,
        # A text that is embedded is read in one go, whole.
        batch=max(batch, launch.context) if embeds else batch,
        threads=launch.threads,
        # What was read with an adapter is no other's to go on from; llama.cpp's cache knows tokens only.
        cache_mb=0 if embeds or launch.adapters else launch.cache_mb,
        # Each slot has cells of its own for a whole context: none meets a full pool, and none reads past others'
        # cells. But texts of several slots are then read in steps of equal length, and pooling sees the last step only.
        unified=embeds,
        kv_type=launch.kv_type,
        flash_attention={None: "auto", True: "on", False: "off"}[launch.flash_attention],
        pooling={FEATURE_EXTRACTION: "own", TEXT_RANKING: "rank"}.get(launch.task, ""),
        guessed=guessed(batch, launch.parallel) if launch.speculation and not embeds else 0,
        checkpoints=launch.checkpoints,
        template="" if embeds else template,
    )


def guessed(batch: int, parallel: int) -> int:
    """How many tokens are guessed: a batch must hold each stream's own and all that are guessed for it, or llama.cpp
    aborts. Not worth it below a few: with so many streams at once, checking costs what guessing gains."""
    most = min(_MOST_GUESSED, batch // parallel - 1)
    return most if most >= _LEAST_GUESSED else 0


def choose_device(asked: str, layers: int, gpus: list[str]) -> tuple[str, str, int]:
    """Where the model runs, why that is not the GPU if it is not, and how many layers go there (-1: what fits)."""
    if asked == "cpu":
        return "cpu", "The settings ask for the CPU.", 0
    if layers == 0:
        return "cpu", "The settings place no layer on the GPU.", 0
    if not gpus:
        return "cpu", "llama.cpp, as it is installed here, sees no GPU.", 0
    return "gpu", gpus[0] if len(gpus) == 1 else f"{len(gpus)} GPUs: {', '.join(gpus)}", layers
