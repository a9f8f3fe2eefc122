from dataclasses import dataclass

from serai.hosting.memory import bytes_per_token, parallel_that_fits

GIB = 1024**3


@dataclass(frozen=True)
class Header:
    size: int = 4 * GIB
    block_count: int | None = 32
    embedding_length: int | None = 4096
    head_count: int | None = 32
    head_count_kv: int | None = 8


def test_a_token_takes_a_key_and_a_value_in_every_layer() -> None:
    assert bytes_per_token(Header()) == 128 * 1024


def test_all_that_were_asked_for_where_memory_is_plenty() -> None:
    assert parallel_that_fits(4, 8192, Header(), 64 * GIB) == 4


def test_fewer_where_it_is_short_but_never_none() -> None:
    assert parallel_that_fits(4, 8192, Header(), 8 * GIB) == 2
    assert parallel_that_fits(4, 8192, Header(), 2 * GIB) == 1


def test_nothing_is_guessed_about_a_file_that_does_not_say() -> None:
    assert bytes_per_token(Header(block_count=None)) is None
    assert parallel_that_fits(4, 8192, None, 1) == 4
