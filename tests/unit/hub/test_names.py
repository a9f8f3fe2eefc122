import pytest

from serai.hub.names import collision, is_digest, safe


@pytest.mark.parametrize(
    "path",
    ["../b.gguf", "a//b.gguf", "/b.gguf", "a/./b.gguf", "a\\b.gguf", "a\n.gguf", "", "a/\u202eb", "x" * 256, "é" * 128],
)
def test_paths_that_lead_out_or_are_too_long_are_not_safe(path: str) -> None:
    assert not safe(path)


@pytest.mark.parametrize("path", ["b.gguf", "a/b c.gguf", "ø/é.json", "x" * 255])
def test_plain_paths_are_safe(path: str) -> None:
    assert safe(path)


def test_names_that_differ_only_by_case_are_one() -> None:
    assert collision(["a/B.json", "c", "A/b.json"]) == ("a/B.json", "A/b.json")
    assert collision(["cafe\u0301", "caf\u00e9"]) is not None
    assert collision(["a", "b"]) is None


@pytest.mark.parametrize("text", ["../" + "a" * 37, "a" * 39, "G" * 40, None, 7])
def test_only_hexadecimal_digests_name_blobs(text: object) -> None:
    assert not is_digest(text)
    assert is_digest("a" * 40)
