import pytest

from serai.errors import NotFound
from serai.hub.mirror.asked import Asked, Place, parse, span

MODEL = Place("models", "org/name")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("api/models/org/name", Asked("info", MODEL)),
        ("api/models/org/name/revision/refs%2Fpr%2F1", Asked("info", MODEL, "refs/pr/1")),
        ("api/models/org/name/tree/main/sub/deep", Asked("tree", MODEL, "main", "sub/deep")),
        ("api/models/org/name/refs", Asked("refs", MODEL)),
        ("api/models/org/name/paths-info/main", Asked("paths-info", MODEL)),
        ("api/models/gpt2", Asked("info", Place("models", "gpt2"))),
        ("api/models/gpt2/tree/main", Asked("tree", Place("models", "gpt2"))),
        ("api/models/org/tree/tree/main", Asked("tree", Place("models", "org/tree"))),
        ("api/datasets/org/name", Asked("info", Place("datasets", "org/name"))),
        ("org/name/resolve/main/a/b.txt", Asked("resolve", MODEL, "main", "a/b.txt")),
        ("gpt2/resolve/v1/config.json", Asked("resolve", Place("models", "gpt2"), "v1", "config.json")),
        ("datasets/org/name/resolve/main/x", Asked("resolve", Place("datasets", "org/name"), "main", "x")),
        ("datasets/squad/resolve/main/x", Asked("resolve", Place("datasets", "squad"), "main", "x")),
        ("datasets/name/resolve/main/a%20b", Asked("resolve", Place("datasets", "name"), "main", "a b")),
    ],
)
def test_addresses_of_the_hub_are_understood(address: str, asked: Asked) -> None:
    assert parse(address) == asked


@pytest.mark.parametrize(
    "address",
    [
        "",
        "api/models",
        "api/spaces/org/name",
        "api/whoami-v2",
        "org/name/resolve/main",
        "org/name/resolve/main/../../../etc/passwd",
        "org/name/resolve/main/%2e%2e%2fsecret",
        "org/name/resolve/main/%2Fetc%2Fpasswd",
        "org/name/resolve/main/a%00b",
        "org/name/resolve/..%2F..%2Fx/file",
        "../name/resolve/main/file",
        "org/..%2Fname/resolve/main/file",
        "a--b/c/resolve/main/file",
        "api/models/org/name/tree/main/..",
        "org/name/resolve/main/a%5Cb",
    ],
)
def test_what_is_no_plain_name_leads_nowhere(address: str) -> None:
    with pytest.raises(NotFound):
        parse(address)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-999", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-999", (0, 100)),
        ("bytes=100-", (100, 100)),
        ("bytes=-0", (100, 100)),
        ("bytes=9-3", (9, 4)),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("rows=1-2", None),
    ],
)
def test_ranges(header: str | None, found: tuple[int, int] | None) -> None:
    assert span(header, 100) == found
