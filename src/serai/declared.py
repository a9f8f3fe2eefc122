"""The settings as they are declared: one typed tree, in which each stands once. `settings` reads their values."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


def setting(
    default: Any, description: str, *, aliases: tuple[str, ...] = (), restart: bool = False, **limits: Any
) -> Any:
    """Declares one setting. `aliases` are usual environment names; `restart`: a change waits for the next start."""
    extra: dict[str, Any] = {"aliases": list(aliases), "restart": restart}
    return Field(default, description=description, json_schema_extra=extra, **limits)


_KEYS_URL = r"^(https://\S+|http://(localhost|127\.0\.0\.1|\[::1\])[:/]\S*|)$"
_HTTPS = r"^(https://[^\s/]+/?|)$"


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Server(Group):
    """Where Serai listens and whom it lets in."""

    host: str = setting(
        "127.0.0.1", "Address to listen on. Anything but loopback needs an API key.", restart=True, min_length=1
    )
    port: int = setting(7372, "Port to listen on; 0 takes a free one.", restart=True, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = setting(
        (), "More host names by which this server may be called, such as a name behind a proxy."
    )
    public_url: str = setting(
        "",
        "Where this server is reached from the internet, such as https://serai.example; services then tell it there "
        "when they are done.",
        pattern=_HTTPS,
    )
    allowed_origins: tuple[str, ...] = setting((), "Other web origins that may call the API from a browser.")
    body_limit_mb: int = setting(32, "Largest request body that is read, in megabytes.", ge=1, le=4096)
    open_browser: bool = setting(True, "Open the page when `serai` starts.")


class Models(Group):
    """How models are run on this machine."""

    default: str = setting("auto", "Model that answers when a request names none, or `auto`.")
    preload: bool = setting(True, "Load the models that ran last again at start, in the background.")
    idle_minutes: float = setting(30.0, "Unload a model after this many idle minutes; 0 keeps it.", ge=0)
    max_loaded: int = setting(
        0, "How many models may be loaded at once, whatever memory there is; 0 is as many as fit.", ge=0
    )
    memory_share: float = setting(
        0.85, "Share of this machine's memory that models may use; GPU memory is theirs whole.", gt=0, le=1
    )
    context: int = setting(8192, "Longest context to reserve memory for, in tokens; a model's own limit wins.", ge=256)
    parallel: int = setting(4, "Requests one model answers at the same time.", ge=1, le=64)
    threads: int = setting(0, "Threads for one model; 0 chooses by the cores of this machine.", ge=0)
    gpu_layers: int = setting(-1, "Layers placed on the GPU; -1 chooses automatically.", ge=-1)
    device: Literal["auto", "cpu", "gpu"] = setting("auto", "Device for models.", aliases=("LLM_DEVICE",))
    llama_server: str = setting(
        "auto", "llama.cpp's server: `auto` (a native one if there is one), `wheel`, a build's name, a program's path."
    )
    keep_read: bool = setting(
        True, "Keep what models have read of a chat on disk when they are unloaded, so that it goes on at once."
    )
    load_timeout_s: float = setting(300.0, "Give up loading a model after this many seconds.", gt=0)
    sandbox: Literal["auto", "required", "off"] = setting(
        "auto", "Confine models' processes as far as this machine can, or refuse to load where it cannot, or not."
    )

    @field_validator("device", mode="before")
    @classmethod
    def _kinds_of_gpu(cls, value: object) -> object:
        """What LLM_DEVICE means elsewhere."""
        return "gpu" if value in ("cuda", "mps", "rocm", "vulkan", "metal") else value


class Auth(Group):
    """Who may come in beside those who hold an API key: whoever shows a JSON Web Token of a service that is trusted."""

    jwt_keys_url: str = setting("", "Address of the trusted service's public keys (JWKS).", pattern=_KEYS_URL)
    jwt_public_key: str = setting("", "The trusted service's public key itself, in PEM, in place of an address.")
    jwt_issuer: str = setting("", "Only tokens of this issuer (`iss`) are taken; needed with jwt_keys_url.")
    jwt_audience: str = setting("", "Only tokens for this audience (`aud`) are taken; needed with jwt_keys_url.")
    jwt_scope_claim: str = setting("scope", "The claim that names a token's scopes.", min_length=1)
    jwt_name_claim: str = setting("name", "The claim that names whoever shows it; else `sub` does.", min_length=1)
    jwt_scopes: tuple[str, ...] = setting((), "Scopes of tokens that have no such claim; empty: they may do nothing.")
    jwt_places: tuple[str, ...] = setting((), "Where tokens may ask: `local`, names of services; empty: anywhere.")
    jwt_places_claim: str = setting(
        "", "A claim that names a token's places instead; with it, one that names none stays on this machine."
    )


class Hub(Group):
    """Where models are fetched from."""

    endpoint: str = setting("https://huggingface.co", "The hub or a mirror of it.", aliases=("HF_ENDPOINT",))
    endpoints: str = setting(
        "https://api.endpoints.huggingface.cloud/v2", "Where Hugging Face has its Inference Endpoints managed."
    )
    offline: bool = setting(False, "Never contact the hub.", aliases=("HF_HUB_OFFLINE",))
    connections: int = setting(8, "Connections that all downloads hold together.", ge=1, le=64)
    rate_limit_mb: float = setting(0.0, "Most megabytes a second for all downloads together; 0 is no limit.", ge=0)
    quota_gb: float = setting(
        0.0,
        "Most gigabytes of downloaded models; beyond it those used least recently are deleted. 0 is no limit.",
        ge=0,
    )
    adopt: bool = setting(True, "Find models that other programs have put on this machine.")
    folders: tuple[str, ...] = setting((), "Folders in which models are looked for, too.")


class Cache(Group):
    """Answers that are kept, so that the same call need not be computed again."""

    enabled: Literal["off", "tasks", "all"] = setting(
        "tasks",
        "What is kept: nothing; what tasks like embeddings and classifications answer; or also texts and chats with "
        "temperature 0 or a seed.",
    )
    size_mb: float = setting(64, "Megabytes of answers that are kept at most; 0 keeps none.", ge=0, le=1_000_000)
    hours: float = setting(24, "How long an answer is good for, in hours; 0 is for ever.", ge=0)
    shared: bool = setting(False, "Let all who ask have each other's answers, except those of private calls and chats.")


class Batches(Group):
    """Batch jobs over files and data sets."""

    at_once: int = setting(2, "Rows that one job has answered at the same time.", ge=1, le=256)
    file_mb: int = setting(1024, "Largest file that is taken for a batch, in megabytes.", ge=1, le=1_000_000)


class Routing(Group):
    """How calls find who answers."""

    attempts: int = setting(3, "How often a service is asked where nothing stands in for it.", ge=1, le=10)
    failures: int = setting(
        5, "A service's model that failed so often in a row is left alone for a while.", ge=1, le=100
    )
    pause_s: float = setting(
        10.0, "For so many seconds at first; each time it fails again, twice as long.", gt=0, le=300
    )
    waiting: int = setting(1000, "Most calls that may wait for a service that takes only so many at once.", ge=0)


class Outside(Group):
    """Addresses that calls and cards name, like a picture's."""

    fetch: bool = setting(True, "Fetch what calls and cards name by its address.")
    private: bool = setting(False, "Fetch from private networks, too; whoever may ask this Serai can then reach them.")


class Page(Group):
    """How the page looks."""

    language: Literal["auto", "en", "de", "fa"] = setting("auto", "Language of the page.")
    theme: Literal["auto", "light", "dark"] = setting("auto", "Colours of the page.")


class Logs(Group):
    """What is written under SERAI_HOME/logs."""

    level: Literal["debug", "info", "warning", "error"] = setting("info", "How much is written.")
    keep_mb: int = setting(20, "Size at which a part's log file starts anew, in megabytes.", ge=1)


class Monitor(Group):
    """What is remembered of calls, and who is told."""

    history_calls: int = setting(10_000, "How many of the last calls are listed; 0 keeps no list.", ge=0, le=1_000_000)
    history_days: float = setting(30.0, "Days after which a call leaves the list.", gt=0)
    statistics_days: int = setting(730, "Days for which what a day's calls came to is kept.", ge=1)
    inspect: bool = setting(False, "Keep the words of calls for a while, for the inspector; off deletes what was kept.")
    inspect_hours: float = setting(24.0, "Hours after which the words of a call are deleted.", gt=0, le=720)
    otel_url: str = setting(
        "",
        "Collector of OpenTelemetry (OTLP over HTTP) that is sent traces and metrics; empty: none.",
        aliases=("OTEL_EXPORTER_OTLP_ENDPOINT",),
        restart=True,
        pattern=r"^(https?://\S+|)$",
    )
    otel_words: bool = setting(False, "Send the collector the words of calls, too.")


class Storage(Group):
    """Where sessions, jobs and keys are kept."""

    url: str = setting("", "Database URL; empty is SQLite under SERAI_HOME.", restart=True)


class Settings(Group):
    """The whole tree."""

    server: Server = Server()
    auth: Auth = Auth()
    models: Models = Models()
    hub: Hub = Hub()
    cache: Cache = Cache()
    batches: Batches = Batches()
    routing: Routing = Routing()
    outside: Outside = Outside()
    page: Page = Page()
    logs: Logs = Logs()
    monitor: Monitor = Monitor()
    storage: Storage = Storage()
