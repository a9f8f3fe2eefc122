"""What protects a model's process, as its server and `serai doctor` are told. Data only."""

from __future__ import annotations

from typing import Any, NamedTuple


class Protection(NamedTuple):
    """`network`: it can call nobody. `files`: it sees its own files only and writes into its scratch folder only.
    `memory`: it is held to a limit, if it was given one. `how` says by what, and what is missing and why."""

    # No dataclass, here and in the filter: each takes a model's start a millisecond to make.
    network: bool = False
    files: bool = False
    memory: bool = False
    how: str = ""

    @property
    def complete(self) -> bool:
        """Whether it holds what `models.sandbox = "required"` asks for."""
        return self.network and self.files

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()
