import pytest

from serai.errors import BadRequest, NotFound
from serai.hub.choose import choose, safe
from serai.hub.remote import RemoteFile
from serai.types import ModelRef


def files(*paths: str) -> list[RemoteFile]:
    return [RemoteFile(path, 100 + len(path), "a" * 64) for path in paths]


def test_asked_quantisation_is_found_whatever_its_case() -> None:
    quant, chosen = choose(ModelRef.parse("a/b:q8_0"), files("b-q4_k_m.gguf", "b-Q8_0.gguf"))
    assert (quant, [file.path for file in chosen]) == ("Q8_0", ["b-Q8_0.gguf"])


def test_without_a_wish_the_usual_compromise_is_taken() -> None:
    quant, _ = choose(ModelRef.parse("a/b"), files("b.Q8_0.gguf", "b.Q4_K_M.gguf", "b.Q2_K.gguf"))
    assert quant == "Q4_K_M"


def test_a_split_model_comes_with_all_its_parts_in_order() -> None:
    parts = files("b-Q4_K_M-00002-of-00002.gguf", "b-Q4_K_M-00001-of-00002.gguf")
    _, chosen = choose(ModelRef.parse("a/b:Q4_K_M"), parts)
    assert [file.path for file in chosen] == ["b-Q4_K_M-00001-of-00002.gguf", "b-Q4_K_M-00002-of-00002.gguf"]


def test_a_missing_quantisation_names_those_that_are_there() -> None:
    with pytest.raises(NotFound, match="Q6_K") as caught:
        choose(ModelRef.parse("a/b:Q6_K"), files("b-Q4_0.gguf", "b-Q8_0.gguf"))
    assert "Q4_0, Q8_0" in caught.value.hint


def test_a_repository_without_gguf_is_refused_in_words() -> None:
    with pytest.raises(BadRequest, match="no GGUF"):
        choose(ModelRef.parse("a/b"), files("model.safetensors"))


def test_the_projector_of_a_vision_model_is_not_taken_for_the_model() -> None:
    quant, _ = choose(ModelRef.parse("a/b"), files("mmproj-b-F16.gguf", "b-Q2_K.gguf"))
    assert quant == "Q2_K"


@pytest.mark.parametrize("path", ["../b.gguf", "a//b.gguf", "/b.gguf", "a/./b.gguf", "a\\b.gguf", "a\n.gguf"])
def test_paths_that_lead_out_are_not_safe(path: str) -> None:
    assert not safe(path)
