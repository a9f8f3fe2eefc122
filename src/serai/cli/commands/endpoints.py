"""`serai endpoints`: Hugging Face's dedicated Inference Endpoints, and what they cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serai.cli import dedicated, output
from serai.cli.connection import connect
from serai.cli.dedicated import (
    Hardware,
    Least,
    MaxHourly,
    Most,
    Name,
    Namespace,
    Revision,
    Service,
    Sleep,
    Task,
    Words,
    Yes,
)
from serai.cli.panels import SERVER, Json
from serai.errors import BadRequest

app = typer.Typer(
    name="endpoints",
    help="Manage dedicated Inference Endpoints at Hugging Face.",
    rich_help_panel=SERVER,
    no_args_is_help=True,
)


@app.command("list")
def list_(namespace: Namespace = None, service: Service = None, as_json: Json = False) -> None:
    """List the Endpoints with their states, and what they cost an hour."""
    with connect() as client:
        found = client.endpoints(namespace=namespace, service=service)

    def show() -> None:
        if found:
            columns = ("NAME", "MODEL", "TASK", "STATE", "MACHINE", "REPLICAS", "NOW", "AT MOST")
            output.table(columns, [dedicated.row(one) for one in found], right=("NOW", "AT MOST"))
        else:
            output.say(
                "There are no Endpoints. `serai endpoints create NAME --model org/name …` makes one.", stderr=True
            )

    output.emit({"endpoints": found}, show, as_json=as_json)


@app.command()
def show(name: Name, namespace: Namespace = None, service: Service = None, as_json: Json = False) -> None:
    """Show one Endpoint as it is now."""
    with connect() as client:
        found = client.endpoint(name, namespace=namespace, service=service)
    output.emit(found, lambda: output.facts(dedicated.facts(found)), as_json=as_json)


@app.command()
def hardware(namespace: Namespace = None, service: Service = None, as_json: Json = False) -> None:
    """List the machines that can be had, with their prices."""
    with connect() as client:
        told = client.endpoint_hardware(namespace=namespace, service=service)
    rows = [
        (
            one["id"],
            one["title"],
            f"{one['gpu_memory_gb'] or one['memory_gb']:g} GB",
            one["status"],
            dedicated.price(one["price_per_hour"]),
        )
        for one in told["hardware"]
    ]
    columns = ("ID", "WHAT IT IS", "MEMORY", "STATUS", "AN HOUR")
    output.emit(told, lambda: output.table(columns, rows, right=("MEMORY", "AN HOUR")), as_json=as_json)


@app.command()
def cost(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="An Endpoint that is there.")] = None,
    hardware: Hardware = None,
    words: Words = None,
    least: Least = None,
    most: Most = None,
    namespace: Namespace = None,
    service: Service = None,
    as_json: Json = False,
) -> None:
    """Show what an Endpoint costs an hour, or would cost on some hardware. Creates nothing."""
    where: dict[str, Any] = {"namespace": namespace, "service": service}
    with connect() as client:
        if name is not None:
            told = client.endpoint(name, **where)["cost"]
        else:
            asked: dict[str, Any] = {
                "hardware": hardware,
                "machine": dedicated.machine(words),
                "min_replica": least,
                "max_replica": most,
            }
            told = client.endpoint_cost(**asked, **where)
    output.emit(told, lambda: dedicated.costs(told), as_json=as_json)


@app.command()
def create(
    name: Name,
    model: Annotated[str, typer.Option(help="The model, as org/name.")],
    hardware: Hardware = None,
    words: Words = None,
    least: Least = 0,
    most: Most = 1,
    sleep_after: Sleep = 15,
    task: Task = None,
    revision: Revision = None,
    public: Annotated[bool, typer.Option("--public", help="Let anybody ask it, without a token.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it runs.")] = False,
    max_hourly: MaxHourly = None,
    yes: Yes = False,
    namespace: Namespace = None,
    service: Service = None,
    as_json: Json = False,
) -> None:
    """Create an Endpoint, after showing what it costs."""
    where: dict[str, Any] = {"namespace": namespace, "service": service}
    place: dict[str, Any] = {"hardware": hardware, "machine": dedicated.machine(words)}
    if hardware is None and words is None:
        raise BadRequest("Which machine?", hint="Say --hardware ID: `serai endpoints hardware` lists them.")
    with connect() as client:
        dedicated.ask(
            f"Create {name}?",
            lambda: client.endpoint_cost(**place, min_replica=least, max_replica=most, **where),
            yes=yes,
        )
        made = client.create_endpoint(
            name,
            model,
            **place,
            min_replica=least,
            max_replica=most,
            scale_to_zero_timeout=sleep_after,
            task=task,
            revision=revision,
            type="public" if public else None,
            max_hourly=max_hourly,
            **where,
        )
        if wait:
            dedicated.follow(client, name, where, as_json=as_json)
            return

    def shown() -> None:
        output.say(f"{name} is {made['state']}. Wait for it: serai endpoints wait {name}")

    output.emit(made, shown, as_json=as_json)


@app.command()
def update(
    name: Name,
    model: Annotated[str | None, typer.Option(help="Another model, as org/name.")] = None,
    hardware: Hardware = None,
    words: Words = None,
    least: Least = None,
    most: Most = None,
    sleep_after: Sleep = None,
    task: Task = None,
    revision: Revision = None,
    max_hourly: MaxHourly = None,
    yes: Yes = False,
    namespace: Namespace = None,
    service: Service = None,
    as_json: Json = False,
) -> None:
    """Change an Endpoint, which then starts anew."""
    where: dict[str, Any] = {"namespace": namespace, "service": service}
    place: dict[str, Any] = {"hardware": hardware, "machine": dedicated.machine(words)}
    with connect() as client:
        dedicated.ask(f"Change {name}?", lambda: dedicated.after(client, name, place, least, most, where), yes=yes)
        changed = client.change_endpoint(
            name,
            repository=model,
            **place,
            min_replica=least,
            max_replica=most,
            scale_to_zero_timeout=sleep_after,
            task=task,
            revision=revision,
            max_hourly=max_hourly,
            **where,
        )
    output.emit(changed, lambda: output.say(f"{name} is changed; it is {changed['state']}."), as_json=as_json)


@app.command()
def pause(name: Name, namespace: Namespace = None, service: Service = None, as_json: Json = False) -> None:
    """Stop an Endpoint until it is resumed. It then costs nothing."""
    with connect() as client:
        found = client.pause_endpoint(name, namespace=namespace, service=service)
    output.emit(found, lambda: output.say(f"{name} is {found['state']}."), as_json=as_json)


@app.command()
def resume(
    name: Name,
    max_hourly: MaxHourly = None,
    yes: Yes = False,
    namespace: Namespace = None,
    service: Service = None,
    as_json: Json = False,
) -> None:
    """Start a paused Endpoint, after showing what it costs."""
    where: dict[str, Any] = {"namespace": namespace, "service": service}
    with connect() as client:
        dedicated.ask(f"Resume {name}?", lambda: client.endpoint(name, **where)["cost"], yes=yes)
        found = client.resume_endpoint(name, max_hourly=max_hourly, **where)
    output.emit(found, lambda: output.say(f"{name} is {found['state']}."), as_json=as_json)


@app.command("scale-to-zero")
def scale_to_zero(name: Name, namespace: Namespace = None, service: Service = None, as_json: Json = False) -> None:
    """Let an Endpoint sleep until the next call to it."""
    with connect() as client:
        found = client.scale_endpoint_to_zero(name, namespace=namespace, service=service)
    output.emit(found, lambda: output.say(f"{name} is {found['state']}."), as_json=as_json)


@app.command()
def delete(
    name: Name, yes: Yes = False, namespace: Namespace = None, service: Service = None, as_json: Json = False
) -> None:
    """Delete an Endpoint for good."""
    with connect() as client:
        if not yes:
            dedicated.confirm(f"Delete {name} for good? Pausing it costs nothing either.")
        client.delete_endpoint(name, namespace=namespace, service=service)
    output.emit({"deleted": name}, lambda: output.say(f"{name} is deleted."), as_json=as_json)


@app.command()
def wait(name: Name, namespace: Namespace = None, service: Service = None, as_json: Json = False) -> None:
    """Wait until an Endpoint runs and answers. Ctrl+C pauses the waiting, not the Endpoint."""
    with connect() as client:
        dedicated.follow(client, name, {"namespace": namespace, "service": service}, as_json=as_json)


@app.command()
def logs(
    name: Name,
    tail: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines.")] = 200,
    namespace: Namespace = None,
    service: Service = None,
    as_json: Json = False,
) -> None:
    """Show the last lines that its container wrote."""
    with connect() as client:
        text = client.endpoint_logs(name, tail=tail, namespace=namespace, service=service)
    output.emit({"text": text}, lambda: output.say(text.rstrip("\n")), as_json=as_json)


@app.command()
def use(
    name: Name,
    called: Annotated[str | None, typer.Option("--as", help="What the service is called here.")] = None,
    namespace: Namespace = None,
    service: Service = None,
    as_json: Json = False,
) -> None:
    """Add an Endpoint as a remote service; its models are then NAME/…."""
    with connect() as client:
        made = client.use_endpoint(name, called=called, namespace=namespace, service=service)

    def show() -> None:
        output.say(f"{made['name']} is at {made['url']}. Its models: serai providers models {made['name']}")
        if not made["keys"]:
            text = f"It is shown no token. If it wants one: serai providers change {made['name']} --keys-from -"
            output.say(text, style="yellow")

    output.emit(made, show, as_json=as_json)
