"""Text generation and chat: what they take, the settings a caller may set, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from serai.errors import BadRequest
from serai.tasks import schemas
from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.types import CHAT, TEXT_GENERATION, TOKEN_COUNT


class Chat(Inputs):
    """Messages and tools in OpenAI's shape; what a message may hold beyond `role` is the model's affair."""

    messages: list[dict[str, Any]] = Field(min_length=1, description="The conversation, the oldest message first.")
    tools: list[dict[str, Any]] | None = Field(None, description="Functions that the model may call.")
    tool_choice: str | dict[str, Any] | None = Field(None, description="Whether it must call one, and which.")
    parallel_tool_calls: bool | None = Field(None, description="Whether it may call several at once.")


Token = Annotated[int, Field(ge=0, strict=True)]


class Prompt(Inputs):
    inputs: str | Annotated[list[Token], Field(min_length=1)] = Field(
        description="The text to go on from, or its tokens by their numbers."
    )
    suffix: str | None = Field(None, description="What comes after the gap that is to be filled.")


class Counted(Inputs):
    """What a chat or a prompt takes. Answered by `{"tokens": n}`: as many as that call would report, templates and
    tools included. Nothing is computed and no place is taken."""

    messages: list[dict[str, Any]] | None = Field(None, description="A conversation, or")
    inputs: str | None = Field(None, description="a text to go on from.")
    tools: list[dict[str, Any]] | None = Field(None, description="Functions that the model may call.")
    tool_choice: str | dict[str, Any] | None = Field(None, description="Whether it must call one, and which.")
    parallel_tool_calls: bool | None = Field(None, description="Whether it may call several at once.")


SETTINGS: tuple[Setting, ...] = (
    Setting("temperature", "number", "How freely words are chosen; 0 always takes the likeliest.", 0, 5, common=True),
    Setting("top_p", "number", "Choose among the likeliest words that together reach this share.", 0, 1, common=True),
    Setting("top_k", "integer", "Choose among this many likeliest words; 0 among all.", 0, 1_000_000, common=True),
    Setting("min_p", "number", "Leave out words less likely than this share of the likeliest.", 0, 1, common=True),
    Setting("repetition_penalty", "number", "Above 1: avoid words that were used just before.", 0.01, 10, common=True),
    Setting("presence_penalty", "number", "Above 0: avoid words that were used at all.", -2, 2, common=True),
    Setting("frequency_penalty", "number", "Above 0: avoid words by how often they came.", -2, 2, common=True),
    Setting("seed", "integer", "The same seed and settings give the same answer.", 0, 2**32 - 2, common=True),
    Setting("max_tokens", "integer", "Longest answer, in tokens; unset: up to the end of the context.", 1, common=True),
    Setting("stop", "list", "Texts at which the answer ends.", 0, 64, common=True),
    Setting(
        "typical_p", "number", "Choose among words about as surprising as expected, up to this share; 1: off.", 0, 1
    ),
    Setting(
        "top_n_sigma", "number", "Choose among words this many deviations below the likeliest; below 0: off.", -1, 100
    ),
    Setting("dynatemp_range", "number", "How far the temperature may move with how sure the model is.", 0, 5),
    Setting("dynatemp_exponent", "number", "How that follows from how sure it is.", 0, 10),
    Setting("xtc_probability", "number", "How often the likeliest words are left out, for variety (XTC).", 0, 1),
    Setting("xtc_threshold", "number", "Words likelier than this may be left out by XTC.", 0, 1),
    Setting("dry_multiplier", "number", "Above 0: avoid going on with a phrase that came before (DRY).", 0, 100),
    Setting("dry_base", "number", "How fast DRY grows with the length of the phrase.", 1, 10),
    Setting("dry_allowed_length", "integer", "Phrases of up to so many tokens may come again.", 0, 10_000),
    Setting("dry_penalty_last_n", "integer", "How many tokens DRY looks back.", 0, 1_000_000),
    Setting("dry_sequence_breakers", "list", "Texts across which DRY sees no phrase.", 1, 64),
    Setting(
        "repetition_window", "integer", "How many tokens the penalties look back; 0 switches them off.", 0, 1_000_000
    ),
    Setting("mirostat", "integer", "Hold the surprise of the text steady: 1 or 2 is the version, 0 off.", 0, 2),
    Setting("mirostat_tau", "number", "The surprise that Mirostat holds.", 0, 20),
    Setting("mirostat_eta", "number", "How fast Mirostat learns.", 0, 1),
    Setting("samplers", "list", "Which ways of choosing are applied, in this order, by llama.cpp's names.", 1, 32),
    Setting("ignore_eos", "boolean", "Write on to the longest answer, whatever the model says."),
    Setting("logit_bias", "object", "Token ids and how much likelier (up to 100) or less likely each becomes."),
    Setting("logprobs", "boolean", "Give the log probability of every token."),
    Setting("top_logprobs", "integer", "Give this many alternatives for every token; needs logprobs.", 0, 20),
    Setting("grammar", "text", "A GBNF grammar that the answer must follow."),
    Setting("response_format", "object", "json_object, or json_schema with a schema that the answer must follow."),
    Setting("reasoning", "boolean", "Whether a model that can think before it answers does so."),
    Setting("reasoning_budget", "integer", "Longest thinking, in tokens; -1 is no limit.", -1, 1_000_000),
    Setting(
        "truncation",
        "text",
        "Of a chat that is too long for its model: refuse it, or leave out its oldest turns and say how many messages.",
        choices=("refuse", "oldest"),
    ),
    Setting("system", "text", "What the model is told first in a chat that says nothing of the kind itself."),
    Setting("lora", "object", "How strongly each of the model's adapters works in this call, by name; left out: not."),
)

TASK = Task(
    name=TEXT_GENERATION,
    title="Text generation",
    inputs={CHAT: Chat, TEXT_GENERATION: Prompt, TOKEN_COUNT: Counted},
    models=frozenset({TEXT_GENERATION, CHAT, "conversational", "image-text-to-text", "any-to-any"}),
    settings=SETTINGS,
    examples=(
        Example(
            "Ask a question",
            CHAT,
            {"messages": [{"role": "user", "content": "Why is the sky blue?"}]},
            {"temperature": 0.7, "max_tokens": 200},
        ),
        Example("Go on from a beginning", TEXT_GENERATION, {"inputs": "Once upon a time"}, {"max_tokens": 60}),
        Example("Count a text's tokens", TOKEN_COUNT, {"inputs": "Once upon a time"}),
    ),
)

BY_NAME: Mapping[str, Setting] = TASK.by_name


def check(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in their own types; None means unset. Raises UnknownField with the nearest name, or BadRequest."""
    checked = TASK.check_settings(settings)
    if checked.get("top_logprobs") and not checked.get("logprobs"):
        raise BadRequest("top_logprobs needs logprobs to be true.", field="top_logprobs")
    _check_biases(checked.get("logit_bias", {}))
    schemas.check(checked.get("response_format"), "response_format")
    if "grammar" in checked and checked.get("response_format", {}).get("type", "text") != "text":
        raise BadRequest("Give either a grammar or a response_format, not both.", field="grammar")
    return checked


def _check_biases(biases: Mapping[Any, Any]) -> None:
    """Some engines pass over what they do not understand here, and nobody would know."""
    for token, bias in biases.items():
        number = isinstance(bias, (int, float)) and not isinstance(bias, bool) and -100 <= bias <= 100
        if not str(token).isdecimal() or not (number or bias is False):
            hint = "It takes the numbers of tokens, and for each a number from -100 to 100, or false to forbid it."
            raise BadRequest(f"logit_bias = {{{str(token)[:40]!r}: …}} does not fit.", hint=hint, field="logit_bias")
