"""What a model's process answers where it cannot serve a call: a status and llama.cpp's form of an error."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The call is refused with a status and words for the asker; `facts` join the error's body."""

    def __init__(self, message: str, *, status: int = 400, kind: str = "invalid_request_error", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.facts = facts

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.status, "type": self.kind, "message": self.message, **self.facts}}


class CannotLoad(Exception):
    """The model cannot be loaded; `cause` is one of LoadFailed's."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause
        self.message = message


def too_long(prompt_tokens: int, context: int) -> Refused:
    """The prompt leaves no room for an answer; both numbers go along."""
    return Refused(
        f"The prompt has {prompt_tokens} tokens, the context {context}.",
        kind="exceed_context_size_error",
        n_prompt_tokens=prompt_tokens,
        n_ctx=context,
    )
