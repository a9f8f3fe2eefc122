"""Every error Serai can answer with. Errors carry data and become words at the edge.

SeraiError
├── BadRequest 400        the asker can mend it
│   ├── UnknownField 422
│   ├── ContextExceeded   the prompt is longer than the model's context; both numbers
│   ├── LacksSetting      the service does not have a setting that was asked for
│   └── WrongTask         the model cannot do what was asked
├── Unauthenticated 401   a key is needed
├── OverBudget 402        what may be spent is spent
│   └── LedgerFailed 503  what calls cost cannot be written down, so none that costs is made
├── Forbidden 403         known, but not allowed (also: Host or Origin refused)
│   └── KeyNeeded         a service takes nothing but a key of one's own, and there is none
├── NotFound 404
│   └── ModelNotFound     with the nearest names
├── Conflict 409
├── TooLarge 413
├── ModelFailed 502       a model or its process failed
│   ├── LoadFailed 503    it could not be loaded; `cause` says why
│   └── ModelCrashed      its process died in the middle of a call
├── Busy 503              try again after `retry_after` seconds
│   └── RateLimited 429   a key asks more than it may
├── Unreachable 503       a server that was called does not answer
├── NoneFits 503          of several models none may or can answer this call now; `tried` says why each
├── MissingExtra 501      an optional part is not installed; the command that adds it
├── NotOffered 501        nothing that is installed does this
├── TimedOut 504
├── StorageFailed 503     the database cannot be read or written; `cause` says why
└── Internal 500          a fault of Serai's own
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class SeraiError(Exception):
    """Who failed (`you`, `serai`, `model` or a service's name), what happened, and the way forward (`hint`)."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    who: str = "serai"

    def __init__(self, message: str, *, hint: str = "", who: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.facts = facts
        if who is not None:
            self.who = who

    def as_dict(self) -> dict[str, Any]:
        """The one envelope's content; dialects wrap it in their own."""
        body: dict[str, Any] = {"code": self.code, "message": self.message, "who": self.who}
        if self.hint:
            body["hint"] = self.hint
        if self.facts:
            body["facts"] = self.facts
        return body


class BadRequest(SeraiError):
    status = 400
    code = "bad_request"
    who = "you"


class UnknownField(BadRequest):
    status = 422
    code = "unknown_field"


class ContextExceeded(BadRequest):
    code = "context_length_exceeded"

    def __init__(self, prompt_tokens: int, context_length: int, model: str, *, at_least: bool = False) -> None:
        has = "has at least" if at_least else "has"
        super().__init__(
            f"The prompt {has} {prompt_tokens:,} tokens; {model} can read {context_length:,}.",
            hint="Shorten the prompt, reset the chat's context, or choose a model with a longer context.",
            prompt_tokens=prompt_tokens,
            context_length=context_length,
        )


class LacksSetting(BadRequest):
    code = "lacks_setting"


class WrongTask(BadRequest):
    code = "wrong_task"


class Unauthenticated(SeraiError):
    status = 401
    code = "unauthenticated"
    who = "you"


class OverBudget(SeraiError):
    """`limit` and `spent` are in US dollars, `period` is day, month or call."""

    status = 402
    code = "over_budget"
    who = "you"


class LedgerFailed(OverBudget):
    status = 503
    code = "ledger_failed"
    who = "serai"


class Forbidden(SeraiError):
    status = 403
    code = "forbidden"
    who = "you"


class KeyNeeded(Forbidden):
    code = "own_key_needed"


class NotFound(SeraiError):
    status = 404
    code = "not_found"
    who = "you"


_NAMED = 200


class ModelNotFound(NotFound):
    code = "model_not_found"

    def __init__(self, name: str, nearest: Sequence[str] = (), *, hint: str = "", who: str = "you") -> None:
        near = f"Did you mean {', '.join(nearest)}?" if nearest else "`serai list` shows the models that are here."
        name = name if len(name) <= _NAMED else f"{name[:_NAMED]}…"
        super().__init__(f"There is no model called {name!r}.", hint=hint or near, who=who, nearest=list(nearest))


class Conflict(SeraiError):
    status = 409
    code = "conflict"
    who = "you"


class TooLarge(SeraiError):
    status = 413
    code = "too_large"
    who = "you"


class ModelFailed(SeraiError):
    status = 502
    code = "model_failed"
    who = "model"


class LoadFailed(ModelFailed):
    """`cause` is stable: missing, not_gguf, not_safetensors, truncated, unsupported, mismatched, incomplete,
    out_of_memory, timed_out, unprotected, crashed."""

    status = 503
    code = "load_failed"

    def __init__(self, message: str, *, cause: str, hint: str = "", **facts: Any) -> None:
        super().__init__(message, hint=hint, cause=cause, **facts)
        self.cause = cause


class ModelCrashed(ModelFailed):
    code = "model_crashed"


class Busy(SeraiError):
    status = 503
    code = "busy"

    def __init__(self, message: str, *, retry_after: int, hint: str = "") -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)
        self.retry_after = retry_after


class RateLimited(Busy):
    """`limit` says which one: requests, tokens or at_once."""

    status = 429
    code = "rate_limited"
    who = "you"

    def __init__(self, message: str, *, limit: str, retry_after: int, hint: str = "") -> None:
        super().__init__(message, retry_after=retry_after, hint=hint)
        self.facts["limit"] = limit


class Unreachable(SeraiError):
    status = 503
    code = "unreachable"


class NoneFits(SeraiError):
    status = 503
    code = "none_fits"


class MissingExtra(SeraiError):
    status = 501
    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        command = f"pip install 'serai[{extra}]'"
        super().__init__(f"{what} needs the extra {extra!r}.", hint=f"Add it with: {command}", command=command)


class NotOffered(SeraiError):
    status = 501
    code = "not_offered"


class TimedOut(SeraiError):
    status = 504
    code = "timed_out"


class StorageFailed(SeraiError):
    """`cause` is stable: full, read_only, unreachable, damaged, newer, secret_key. What was asked for was not done."""

    status = 503
    code = "storage_failed"

    def __init__(self, message: str, *, cause: str, hint: str = "", **facts: Any) -> None:
        super().__init__(message, hint=hint, cause=cause, **facts)
        self.cause = cause


class Internal(SeraiError):
    pass
