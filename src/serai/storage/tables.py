"""Every table of Serai's database, in one place. A change here needs a migration beside it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Times are seconds since 1970 (UTC) as floats; ids come from `types.new_id`."""

models = Table(
    "models",
    metadata,
    Column("name", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("settings", JSON, nullable=False, default=dict),
    Column("pinned", Boolean, nullable=False, default=False),
    Column("added_at", Float, nullable=False),
    Column("last_used_at", Float),
    Column("loading", JSON, nullable=False, default=dict, server_default="{}"),
)
"""Models that were added; the embedded one is always there and has a row only once it was used or set."""

sources = Table(
    "sources",
    metadata,
    Column("model", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("repo", Text),
    Column("revision", Text),
    Column("commit", Text),
    Column("newest", Text),
    Column("checked_at", Float),
    Column("hidden", Boolean, nullable=False, default=False),
)
"""Where a model's files come from: `hub` (Serai downloaded them), `huggingface` (another tool did, into the same
cache), `ollama`, `lmstudio`, `llama.cpp` or `folder`. `newest` is the commit that the hub had when it was last asked.
A model that was found and then forgotten is `hidden`, so that it is not found again."""

files = Table(
    "files",
    metadata,
    Column("model", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("etag", Text),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger),
    Column("state", Text, nullable=False),
    Column("verified_at", Float),
)
"""A model's files. `etag` is the SHA-256, or Git's SHA-1, that the hub gives; `mtime_ns` is the file's time when it was
last verified. `state` is verified, unverified, damaged or missing."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False, index=True),
    Column("title", Text, nullable=False, default=""),
    Column("model", Text),
    Column("system", Text, nullable=False, default=""),
    Column("settings", JSON, nullable=False, default=dict),
    Column("folder", Text),
    Column("pinned", Boolean, nullable=False, default=False),
    Column("leaf", Text),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False, index=True),
    Column("deleted_at", Float),
    Column("private", Boolean, nullable=False, default=False, server_default=false()),
)
"""A chat. `leaf` is the newest message of the branch that is shown. A `private` one never leaves this machine."""

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session", Text, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("parent", Text),
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False, default=""),
    Column("state", Text, nullable=False),
    Column("model", Text),
    Column("answerer", JSON),
    Column("usage", JSON),
    Column("tried", JSON),
    Column("error", JSON),
    Column("created_at", Float, nullable=False),
    Index("ix_messages_session_created", "session", "created_at"),
)
"""A tree: editing or regenerating adds a sibling. `role` is user, assistant or reset (the context starts anew)."""

pieces = Table(
    "pieces",
    metadata,
    Column("message", Text, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)
"""The text of an answer while it streams, committed before anybody sees it; folded into the message at its end."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("args", JSON, nullable=False),
    Column("progress", JSON, nullable=False, default=dict),
    Column("checkpoint", JSON),
    Column("result", JSON),
    Column("error", JSON),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", Text),
    Column("beat_at", Float),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("priority", Integer, nullable=False, default=0, server_default="0"),
)
"""Durable long work. `state` is queued, running, paused, done, failed or cancelled. `owner` is the process that still
works on it, `beat_at` its last sign of life; `attempts` counts starts since the last checkpoint; the
highest `priority` begins first."""

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("updated_at", Float, nullable=False),
)
"""Encrypted values; the key lies outside the database."""

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
    Column("last_used_at", Float),
    Column("limits", JSON, nullable=False, default=dict, server_default="{}"),
    Column("former_digest", Text, index=True),
    Column("former_until", Float),
)
"""API keys; only a digest of each is kept, and until `former_until` that of the text which it had before."""

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
)
"""One row, once there was a change: how many there were of what people set down. See `storage.changes`."""

memory = Table(
    "memory",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", JSON, nullable=False),
)
"""Small things Serai remembers between starts, such as which models were running."""

providers = Table(
    "providers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("key_env", Text, nullable=False, default=""),
    Column("models", JSON, nullable=False, default=list),
    Column("patience_s", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("at_once", Integer),
    Column("whose_keys", Text, nullable=False, default="either", server_default="either"),
)
"""Remote services. Their keys are secrets called `provider:<name>`, or lie in the environment variable `key_env`;
`changed_at` moves with the keys, too. `models` are those that the service does not list itself; `at_once`
is how many calls it takes at a time, null for any number. Keys that a principal keeps for themselves are secrets called
`provider:<name>/<principal>`; `whose_keys` says which of both the service is shown: common, own or either."""

routes = Table(
    "routes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
)
"""Named routes. `key` is the name in small letters, `body` the whole of it in the shape of `routing.route.Route`."""

responses = Table(
    "responses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False),
    Column("previous", Text),
    Column("input", JSON, nullable=False),
    Column("response", JSON, nullable=False),
    Column("created_at", Float, nullable=False, index=True),
)
"""Answers of OpenAI's Responses API that their askers wanted kept, with what was asked. `previous` is the one that the
question follows on."""

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False, index=True),
    Column("filename", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
)
"""Files that clients sent, or that batches wrote. Their content lies under SERAI_HOME/uploads, by id."""

batches = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", Text, nullable=False, index=True),
    Column("job", Text),
    Column("endpoint", Text, nullable=False),
    Column("input", Text, nullable=False),
    Column("output", Text),
    Column("errors", Text),
    Column("notes", JSON, nullable=False, default=dict),
    Column("state", Text, nullable=False),
    Column("counts", JSON, nullable=False, default=dict),
    Column("problems", JSON, nullable=False, default=list),
    Column("times", JSON, nullable=False, default=dict),
    Column("created_at", Float, nullable=False),
)
"""Requests that a job answers one after another: `input`, `output` and `errors` are uploads, `notes` the asker's own.
`state` and the names in `times` are OpenAI's words; `problems` are what is wrong with the input."""

prices = Table(
    "prices",
    metadata,
    Column("model", Text, primary_key=True),
    Column("price", JSON, nullable=False),
    Column("changed_at", Float, nullable=False),
)
"""What this Serai's owner says models cost; `model` is a name as it is asked, or a pattern of names. Before these all
other prices give way."""

budgets = Table(
    "budgets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("hard", Boolean, nullable=False),
    Column("unknown", Boolean, nullable=False, default=False),
    Column("told", Text, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
)
"""What may be spent by whom (`kind` and `name`) in a period. `unknown`: models whose price is not known may be asked
all the same. `told` is the period for which its passing was told last."""

charges = Table(
    "charges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("day", Text, nullable=False, index=True),
    Column("principal", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger),
    Column("state", Text, nullable=False, index=True),
    Column("owner", Text, nullable=False, default=""),
)
"""One row for each attempt that may cost something, and one a day for all alike that are free. Amounts, here as in
`budgets` and `spent`, are in billionths of a US dollar, exactly; a `cost` that is null is not known. `state` is one of
`charges.State`; `owner` the process that holds it."""

spent = Table(
    "spent",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("cost", BigInteger, nullable=False),
)
"""Sums of `charges`, held ones too: there once somebody has asked for them, and kept in step from then on by whoever
writes a charge, in the same transaction."""
statistics = Table(
    "statistics",
    metadata,
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("series", Text, primary_key=True),
    Column("labels", JSON, nullable=False),
    Column("numbers", JSON, nullable=False),
)
"""What calls came to in a minute, an hour or a day (`step`, in seconds) that began at `at`. `labels` are the calls'
task, model, backend, place, dialect and key, and `series` a digest of those."""

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("tried", JSON, nullable=False),
    Column("usage", JSON, nullable=False),
)
"""The last calls that ended, without what was said. `asked` is the model's name as it was asked for, `key` the
principal."""

hooks = Table(
    "hooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("sent_at", Float),
    Column("error", Text, nullable=False),
)
"""Addresses that are told of events. `failures` counts the messages in a row that were given up, `error` says why the
last was. What a hook's messages are signed with is the secret `hook:<id>`."""

hook_messages = Table(
    "hook_messages",
    metadata,
    Column("hook", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("data", Text, nullable=False),
    Column("owner", Text, nullable=False),
)
"""Messages that wait for a hook, in the order of `place`. `owner` is the process that sends them, or none."""
