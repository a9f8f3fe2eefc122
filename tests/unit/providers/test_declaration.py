import pytest

from serai.errors import NotFound
from serai.providers.declaration import ProviderConfig, open_backend


def test_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(NotFound, match="carrier-pigeon"):
        open_backend("carrier-pigeon", ProviderConfig("home", "http://127.0.0.1"))


def test_the_key_is_not_in_what_is_printed() -> None:
    assert "very-secret" not in repr(ProviderConfig("home", "http://127.0.0.1", ("very-secret",)))
