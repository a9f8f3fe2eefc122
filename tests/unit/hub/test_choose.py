import pytest

from serai.errors import BadRequest, NotFound
from serai.hub.choose import Choice, choose
from serai.hub.remote import RemoteFile
from serai.types import ModelRef


def files(*paths: str, size: int = 100) -> list[RemoteFile]:
    return [RemoteFile(path, size + len(path), "a" * 64) for path in paths]


def chosen(name: str, *paths: str, **wishes: object) -> Choice:
    return choose(ModelRef.parse(name), files(*paths), **wishes)  # type: ignore[arg-type]


def names(choice: Choice) -> list[str]:
    return [file.path for file in choice.files]


def test_asked_quantisation_is_found_whatever_its_case() -> None:
    choice = chosen("a/b:q8_0", "b-q4_k_m.gguf", "b-Q8_0.gguf")
    assert (choice.format, choice.variant, names(choice)) == ("gguf", "Q8_0", ["b-Q8_0.gguf"])


def test_without_a_wish_the_usual_compromise_is_taken() -> None:
    assert chosen("a/b", "b.Q8_0.gguf", "b.Q4_K_M.gguf", "b.Q2_K.gguf").variant == "Q4_K_M"


def test_what_does_not_fit_gives_way_to_the_best_that_does() -> None:
    sizes = {"Q8_0": 900, "Q4_K_M": 500, "Q3_K_M": 400, "Q2_K": 300}
    there = [RemoteFile(f"b.{quant}.gguf", size, "a" * 64) for quant, size in sizes.items()]
    found = [choose(ModelRef.parse("a/b"), there, room).variant for room in (1000, 450, 350, 10)]
    assert found == ["Q4_K_M", "Q3_K_M", "Q2_K", "Q2_K"]


def test_a_split_model_comes_with_all_its_parts_in_order() -> None:
    parts = ("b-Q4_K_M-00002-of-00002.gguf", "b-Q4_K_M-00001-of-00002.gguf")
    choice = chosen("a/b:Q4_K_M", *parts)
    assert names(choice) == sorted(parts)
    assert choice.entry == parts[1]


def test_a_model_of_which_a_part_is_missing_is_not_offered() -> None:
    choice = chosen("a/b", "b-Q4_K_M-00001-of-00002.gguf", "b-Q8_0.gguf")
    assert choice.variant == "Q8_0"


def test_a_missing_quantisation_names_those_that_are_there() -> None:
    with pytest.raises(NotFound, match="Q6_K") as caught:
        chosen("a/b:Q6_K", "b-Q4_0.gguf", "b-Q8_0.gguf")
    assert "Q4_0, Q8_0" in caught.value.hint


def test_the_projector_comes_with_a_model_that_sees() -> None:
    choice = chosen("a/b", "mmproj-b-Q8_0.gguf", "mmproj-b-F16.gguf", "b-Q2_K.gguf")
    assert (choice.variant, names(choice)) == ("Q2_K", ["b-Q2_K.gguf", "mmproj-b-F16.gguf"])
    assert choice.loading == {"projector": "mmproj-b-F16.gguf"}


SAFE = ("config.json", "tokenizer.json", "model.safetensors")


def test_safetensors_come_once_with_their_words() -> None:
    choice = chosen(
        "a/b",
        *SAFE,
        *("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "onnx/model.onnx", "model.fp16.safetensors"),
        *("consolidated.safetensors", "original/consolidated.00.pth", "training_args.bin", "1_Pooling/config.json"),
        *("tokenizer.model", "vocab.txt", "README.md", "LICENSE", "code.py", "model-00001-of-00002.safetensors"),
    )
    assert (choice.format, choice.variant, choice.entry) == ("safetensors", "", "")
    wanted = {*SAFE, "1_Pooling/config.json", "tokenizer.model", "vocab.txt", "README.md", "LICENSE"}
    assert set(names(choice)) == wanted


def test_shards_come_with_their_index() -> None:
    shards = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")
    assert set(names(chosen("a/b", "config.json", *shards))) == {"config.json", *shards}


ONNX = ("config.json", "onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_q4.onnx", "onnx/model_quantized.onnx")


def test_onnx_comes_as_it_was_trained_with_the_data_that_lies_apart() -> None:
    assert names(chosen("a/b", *ONNX)) == ["config.json", "onnx/model.onnx", "onnx/model.onnx_data"]


@pytest.mark.parametrize(("wish", "file", "loading"), [("q4", "_q4", {"bits": 4}), ("int8", "_quantized", {"bits": 8})])
def test_an_asked_form_of_onnx_is_loaded_as_such(wish: str, file: str, loading: dict[str, int]) -> None:
    choice = chosen(f"a/b:{wish}", *ONNX)
    assert names(choice)[1:] == [f"onnx/model{file}.onnx"]
    assert (choice.variant, choice.loading) == (wish, loading)


def test_the_format_is_one_whose_engine_is_here() -> None:
    assert chosen("a/b", *SAFE, *ONNX).format == "safetensors"
    assert chosen("a/b", *SAFE, *ONNX, runs=lambda name: name == "onnx").format == "onnx"
    assert chosen("a/b:onnx", *SAFE, *ONNX).format == "onnx"


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (("pytorch_model.bin", "config.json"), "pickles"),
        (("adapter_config.json", "adapter_model.safetensors"), "adapter"),
        (("model_index.json", "unet/model.safetensors"), "diffusers"),
        (("tf_model.h5",), "another framework"),
        (("../b.gguf",), "names cannot be used"),
        (("README.md",), "no GGUF, safetensors or ONNX"),
    ],
)
def test_what_cannot_run_is_refused_in_words(paths: tuple[str, ...], words: str) -> None:
    with pytest.raises(BadRequest, match=words) as caught:
        chosen("a/b", *paths)
    assert caught.value.hint
