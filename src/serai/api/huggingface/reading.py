"""What a request to a task holds, in Hugging Face's shapes: its inputs and parameters. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from serai.api.body import fault, kind
from serai.tasks.families import family_of

Inputs = dict[str, Any]

GENERATION = frozenset(
    {
        "do_sample", "early_stopping", "epsilon_cutoff", "eta_cutoff", "length_penalty", "max_length", "max_new_tokens",
        "max_time", "min_length", "min_new_tokens", "no_repeat_ngram_size", "num_beam_groups", "num_beams",
        "penalty_alpha", "repetition_penalty", "temperature", "top_k", "top_p", "typical_p", "use_cache",
    }
)  # fmt: skip
"""How models of transformers write, which clients also send among a task's own parameters."""

_HOW_IT_WRITES = ("generate_parameters", "generation_parameters")


class Body(NamedTuple):
    """A request's body, whose `inputs` are as they came, and a file in them as a data: address."""

    root: Mapping[str, Any]
    parameters: dict[str, Any]

    @property
    def inputs(self) -> Any:
        return self.root.get("inputs")


def parameters_of(task: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The settings of a task, and the names of what it has no setting for."""
    family = family_of(task)
    known = {setting.name for setting in family.settings} if family else set()
    writing = next((name for name in _HOW_IT_WRITES if name in known), "")
    settings: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in given.items():
        if name in known:
            settings[name] = value
        elif writing and name in (*_HOW_IT_WRITES, "generate_kwargs") and isinstance(value, dict):
            settings[writing] = {**value, **settings.get(writing, {})}
        elif writing and name in GENERATION and value is not None:
            settings[writing] = {**settings.get(writing, {}), name: value}
        elif value is not None:
            unknown.append(f"parameters.{name}")
    return settings, unknown


def text(value: Any, place: str = "inputs") -> str:
    """A text that is not empty. Raises BadRequest."""
    if not isinstance(value, str) or not value:
        raise fault(place, f"{place} must be a text that is not empty.")
    return value


def one_of_several(given: Any, most: int = 256) -> list[Any]:
    """The texts of a request that may hold one or many. Raises BadRequest."""
    if not isinstance(given, list):
        return [given]
    if not 0 < len(given) <= most:
        raise fault("inputs", f"inputs holds {len(given)} texts; it takes from 1 to {most}.")
    return given


def a_text(body: Body) -> Inputs:
    return {"inputs": text(body.inputs)}


def a_file(body: Body) -> Inputs:
    return {"inputs": body.inputs}


def labelled(body: Body) -> Inputs:
    labels = body.parameters.pop("candidate_labels", None)
    if isinstance(labels, str):
        labels = [label.strip() for label in labels.split(",")]
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) and label for label in labels):
        raise fault("parameters.candidate_labels", "parameters.candidate_labels must be a list of labels.")
    return {"inputs": body.inputs, "candidate_labels": labels}


def labelled_text(body: Body) -> Inputs:
    text(body.inputs)
    return labelled(body)


def _parts(body: Body, *names: str) -> Inputs:
    given = kind("inputs", body.inputs, dict, f"an object with {' and '.join(names)}")
    return {name: text(given.get(name), f"inputs.{name}") for name in names}


def question(body: Body) -> Inputs:
    return _parts(body, "question", "context")


def table_question(body: Body) -> Inputs:
    body.parameters.pop("model", None)  # the client repeats its own address
    given = kind("inputs", body.inputs, dict, "an object with query and table")
    query = text(given.get("query", given.get("question")), "inputs.query")
    return {"query": query, "table": _table(given.get("table"), "inputs.table")}


def _table(given: Any, place: str) -> Any:
    columns = kind(place, given, dict, "an object with the columns by their heads")
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns.values()}
    if len(lengths) != 1 or -1 in lengths:
        raise fault(place, f"{place} must have columns of one length, each a list.")
    return columns


def rows(body: Body) -> Inputs:
    inner = body.inputs if isinstance(body.inputs, dict) else {}
    table, place = (body.root["table"], "table") if "table" in body.root else (inner.get("data"), "inputs.data")
    return {"table": _table(table, place)}


def document(body: Body) -> Inputs:
    boxes = body.parameters.pop("word_boxes", None)
    given = kind("inputs", body.inputs, dict, "an object with image and question")
    asked = {"image": given["image"], "question": text(given.get("question"), "inputs.question")}
    return asked if boxes is None else {**asked, "word_boxes": boxes}


def seen_question(body: Body) -> Inputs:
    """The client says the picture twice, beside the question; others say both in `inputs`."""
    if isinstance(body.inputs, dict):
        return {"image": body.inputs["image"], "question": text(body.inputs.get("question"), "inputs.question")}
    return {"image": body.inputs, "question": text(body.root.get("question"), "question")}


def speech(body: Body) -> Inputs:
    when = body.parameters.get("return_timestamps")
    if isinstance(when, bool):
        body.parameters["return_timestamps"] = "segment" if when else None
    return a_file(body)
