"""The model in the repository is small enough to live there."""

from pathlib import Path

MODEL = Path(__file__).parents[2] / "src/serai/guide/serai-guide.gguf"


def test_the_model_is_a_small_gguf() -> None:
    assert MODEL.stat().st_size <= 6_000_000
    assert MODEL.read_bytes()[:4] == b"GGUF"


def test_the_card_lies_beside_it() -> None:
    assert "Apache-2.0".lower() in (MODEL.parent / "README.md").read_text(encoding="utf-8").lower()
