import pytest

from serai.errors import ModelNotFound
from serai.routing.resolve import nearest, resolve
from serai.types import Model

MODELS = [
    Model(name="org/Llama-1B:Q4_K_M", task="text-generation", added_at=1.0),
    Model(name="org/Llama-1B:Q8_0", task="text-generation", added_at=2.0),
    Model(name="mine", task="text-generation", added_at=3.0),
]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("org/Llama-1B:Q4_K_M", "org/Llama-1B:Q4_K_M"),
        ("ORG/llama-1b:q4_k_m", "org/Llama-1B:Q4_K_M"),
        ("org/Llama-1B", "org/Llama-1B:Q8_0"),
        ("llama-1b", "org/Llama-1B:Q8_0"),
        (" mine ", "mine"),
    ],
)
def test_names_as_people_write_them(name: str, found: str) -> None:
    assert resolve(name, MODELS).name == found


@pytest.mark.parametrize("name", ["org/Llama-1B:Q5_K_M", "llama-1b:Q2", "nothing", ""])
def test_no_other_quantisation_or_model_is_taken_instead(name: str) -> None:
    with pytest.raises(ModelNotFound):
        resolve(name, MODELS)


def test_the_exact_name_wins_over_another_case() -> None:
    models = [Model(name="A", task="t", added_at=9.0), Model(name="a", task="t", added_at=1.0)]
    assert resolve("a", models).name == "a"


def test_the_nearest_are_few_and_most_like() -> None:
    names = [model.name for model in MODELS]
    assert nearest("lama-1b", names)[0].startswith("org/Llama-1B")
    assert set(nearest("org/Llama-1B:Q9", names)) == {"org/Llama-1B:Q8_0", "org/Llama-1B:Q4_K_M"}
    assert nearest("zzzzzz", names) == []
