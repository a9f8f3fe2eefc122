"""What the commands for Endpoints share: their options, what they ask before something costs, and their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import jobs, output
from serai.errors import BadRequest

if TYPE_CHECKING:
    from serai.client import Client

Name = Annotated[str, typer.Argument(metavar="NAME", help="The Endpoint's name.")]
Namespace = Annotated[
    str | None, typer.Option(help="Whose they are: a person or an organisation; else the token's own.")
]
Service = Annotated[str | None, typer.Option(help="The service whose key is taken in place of the hub's token.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
MaxHourly = Annotated[
    float | None, typer.Option(min=0, help="Refuse where it may cost more US dollars an hour, or nobody knows.")
]
Hardware = Annotated[str | None, typer.Option(help="A machine by its id: `serai endpoints hardware` lists them.")]
Words = Annotated[
    str | None,
    typer.Option(
        "--machine",
        metavar="VENDOR/REGION/ACCELERATOR/TYPE/SIZE",
        help="A machine in Hugging Face's words, where the price list is away.",
    ),
]
Least = Annotated[int | None, typer.Option("--min-replicas", min=0, help="How many run at least; 0 lets it sleep.")]
Most = Annotated[int | None, typer.Option("--max-replicas", min=1, help="How many run at most.")]
Sleep = Annotated[int | None, typer.Option("--sleep-after", min=1, help="Minutes without calls until it sleeps.")]
Task = Annotated[str | None, typer.Option(help="What its model does, where Hugging Face cannot tell.")]
Revision = Annotated[str | None, typer.Option(help="The model's revision.")]

_PARTS = ("vendor", "region", "accelerator", "instance_type", "instance_size")


def price(amount: float | None) -> str:
    """US dollars; what is unknown is called so."""
    return "unknown" if amount is None else f"${amount:,.3f}"


def machine(words: str | None) -> dict[str, str] | None:
    """`aws/us-east-1/cpu/intel-icl/x2` in its parts. Raises BadRequest."""
    if words is None:
        return None
    parts = words.split("/")
    if len(parts) != len(_PARTS) or not all(parts):
        raise BadRequest(f"{words!r} is no machine.", hint="Write vendor/region/accelerator/type/size.")
    return dict(zip(_PARTS, parts, strict=True))


def row(found: dict[str, Any]) -> Sequence[str]:
    """A line of the list."""
    replicas = f"{found['ready_replica']} of {found['min_replica']}-{found['max_replica']}"
    where = f"{found['machine']['instance_type']} {found['machine']['instance_size']}"
    cost = found["cost"]
    told = (found["name"], found["repository"], found["task"], found["state"], where, replicas)
    return (*told, price(cost["now"]), price(cost["most"]))


def facts(found: dict[str, Any]) -> Sequence[tuple[str, object]]:
    """All that is known of one."""
    cost, sleeps = found["cost"], found["scale_to_zero_timeout"]
    return (
        ("Name", f"{found['namespace']}/{found['name']}"),
        ("Model", found["repository"]),
        ("Revision", found["revision"]),
        ("Task", found["task"]),
        ("State", f"{found['state']}. {found['message']}"),
        ("URL", found["url"]),
        ("Who may ask", found["type"]),
        ("Machine", "/".join(found["machine"][part] for part in _PARTS)),
        ("Replicas", f"{found['ready_replica']} run, of {found['min_replica']} to {found['max_replica']}"),
        ("Sleeps", f"after {sleeps} minutes without a call" if sleeps else "never"),
        ("Cost an hour", f"{price(cost['now'])} now, {price(cost['most'])} at most"),
        ("Price", cost["why"]),
    )


def ask(question: str, told: Callable[[], dict[str, Any]], *, yes: bool) -> None:
    """Shows what it will cost, and asks. What is shown goes to stderr, so that JSON stays whole."""
    if yes:
        return
    costs(told(), stderr=True)
    confirm(question)


def confirm(question: str) -> None:
    """Goes on only after a yes."""
    typer.confirm(question, abort=True, err=True)


def costs(told: dict[str, Any], *, stderr: bool = False) -> None:
    """What an hour costs, in a sentence; why, where that is not known."""
    most, least = price(told["most"]), price(told["least"])
    output.say(
        f"It costs {most} an hour at most, {least} at least; {price(told['replica'])} each replica.", stderr=stderr
    )
    if told["why"]:
        output.say(told["why"], style="yellow", stderr=stderr)


def after(
    client: Client, name: str, place: dict[str, Any], least: int | None, most: int | None, where: dict[str, Any]
) -> dict[str, Any]:
    """What it will cost once it is changed."""
    now = client.endpoint(name, **where)
    if place["hardware"] is None and place["machine"] is None:
        place = {**place, "machine": now["machine"]}
    replicas: dict[str, Any] = {
        "min_replica": now["min_replica"] if least is None else least,
        "max_replica": now["max_replica"] if most is None else most,
    }
    return client.endpoint_cost(**place, **replicas, **where)


def follow(client: Client, name: str, where: dict[str, Any], *, as_json: bool) -> None:
    """Waits for it, and shows how far it is."""
    job = client.wait_for_endpoint(name, **where)
    try:
        for moved in jobs.shown(client.follow(job), as_json=as_json, tell=jobs.of_steps):
            job = moved
    except KeyboardInterrupt:
        client.pause(job["id"])
        output.say(f"\nNobody waits any more; {name} goes on. Wait again: serai endpoints wait {name}", stderr=True)
        raise
    if job["state"] != "done":
        raise typer.Exit(output.FAILED)
    if not as_json:
        output.say(f"{name} runs at {job['result']['url']}. Use it here: serai endpoints use {name}")
