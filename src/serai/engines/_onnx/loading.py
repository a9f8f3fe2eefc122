"""Makes a model of a folder with ONNX files: finds the file that was asked for, and what it does by what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime

from serai.engines._onnx.decoder import OnnxDecoder, cache_names
from serai.engines._onnx.embedder import Encoder
from serai.engines._serving import vocabulary
from serai.engines._serving.embedder import Embedder
from serai.engines._serving.refused import CannotLoad
from serai.engines._serving.server import Loaded
from serai.registry import Launch

_PLAIN = ("decode", "decoder_model_merged", "model", "decoder_with_past_model")
_FORMS: Mapping[tuple[int, str], tuple[str, ...]] = {
    (8, ""): ("_int8", "_quantized", "_uint8"),
    (4, ""): ("_q4", "_bnb4", "_q4f16"),
    (0, "float16"): ("_fp16",),
}


def load(launch: Launch, device: str, context: int) -> Loaded:
    """The model, ready to answer. Raises CannotLoad in words."""
    folder = Path(launch.path)
    if not (folder / "config.json").is_file():
        raise CannotLoad("missing", "its folder has no config.json")
    words = vocabulary.read(folder, template=launch.chat_template)
    session = open_session(choose_file(folder, launch.bits, launch.dtype), device, launch.threads)
    if "input_ids" not in {given.name for given in session.get_inputs()}:
        raise CannotLoad("unsupported", "it takes no input_ids; text generation and embeddings are what runs here")
    if cache_names(session):
        config = vocabulary.read_json(folder / "config.json")
        decoder = OnnxDecoder(session, launch.parallel, config)
        return Loaded(vocabulary=words, context=context, decoder=decoder, width=decoder.width or words.size)
    if any(made.name == "logits" for made in session.get_outputs()):
        raise CannotLoad("unsupported", "it was exported without a cache (past_key_values), or for another task")
    return Loaded(vocabulary=words, context=context, embeds=Embedder(Encoder(session), words, folder, context))


def choose_file(folder: Path, bits: int, dtype: str) -> Path:
    """The file with the weights as short as asked for; where nothing was asked, as they were trained. Raises
    CannotLoad, naming the files that there are."""
    files = {path.stem: path for path in (*sorted(folder.glob("onnx/*.onnx")), *sorted(folder.glob("*.onnx")))}
    asked = _FORMS.get((bits, "" if bits else dtype), ())
    if bits and not asked:
        raise CannotLoad("unsupported", f"there is no form with {bits} bits")
    for stem in _PLAIN:
        for ending in asked or ("",):
            if stem + ending in files:
                return files[stem + ending]
    if len(files) == 1 and not asked:
        return next(iter(files.values()))
    there = f"there are: {', '.join(sorted(files))}" if files else "there is none"
    raise CannotLoad("missing", f"no ONNX file of the form asked for; {there}")


def open_session(path: Path, device: str, threads: int) -> Any:
    """Raises CannotLoad where ONNX Runtime cannot read the file."""
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that sleep instead of spin: see docs/decisions/0008.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"] if device == "cuda" else ["CPUExecutionProvider"]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its exceptions have no common base but this
        raise CannotLoad(_cause(str(error)), f"{path.name}: {_first_line(str(error))}") from error


def context_of(launch: Launch) -> int:
    """The context asked for, or what the model was made for where that is less."""
    try:
        config = vocabulary.read_json(Path(launch.path) / "config.json")
    except CannotLoad:
        return launch.context  # told while loading, in words
    made_for = config.get("max_position_embeddings") or config.get("n_positions")
    return min(launch.context, made_for) if isinstance(made_for, int) and made_for > 0 else launch.context


_CAUSES: Mapping[str, str] = {
    "NO_SUCHFILE": "missing",
    "doesn't exist": "missing",
    "cannot get file size": "missing",
    "No such file": "missing",
    "Protobuf parsing failed": "truncated",
    "INVALID_PROTOBUF": "truncated",
    "out of bounds": "truncated",
    "allocate": "out_of_memory",
    "bad_alloc": "out_of_memory",
    "NOT_IMPLEMENTED": "unsupported",
    "is not a registered function/op": "unsupported",
    "Unsupported model IR version": "unsupported",
}


def _cause(text: str) -> str:
    return next((cause for words, cause in _CAUSES.items() if words in text), "crashed")


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[0][:300]
