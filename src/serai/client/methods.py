"""The methods that both clients have: each is a request's shape, and returns its answer or an awaitable of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from serai.endpoints import Request, asking, dedicated, hub, money, server, watching, work
from serai.endpoints import batches as files
from serai.endpoints import models as known
from serai.endpoints import providers as services
from serai.endpoints import routes as ways
from serai.endpoints import sessions as chats

if TYPE_CHECKING:
    from serai.client.asynchronous import AsyncClient
    from serai.client.blocking import Client

P = ParamSpec("P")
T = TypeVar("T")


class Endpoint(Generic[P, T]):
    """A request's shape as a method of both clients."""

    def __init__(self, shape: Callable[P, Request[T]]) -> None:
        self._shape = shape
        self.__doc__ = shape.__doc__

    @overload
    def __get__(self, client: Client, owner: type | None = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type | None = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, client: None, owner: type | None = None) -> Endpoint[P, T]: ...

    def __get__(self, client: Client | AsyncClient | None, owner: type | None = None) -> Any:
        if client is None:
            return self

        @functools.wraps(self._shape)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.send(self._shape(*args, **kwargs))

        return method


class Methods:
    """One line for every request that is answered at once."""

    embed = Endpoint(asking.embed)
    rerank = Endpoint(asking.rerank)
    count_tokens = Endpoint(asking.count_tokens)

    models = Endpoint(known.models)
    model = Endpoint(known.model)
    add = Endpoint(known.add)
    forget = Endpoint(known.forget)
    change_model = Endpoint(known.change_model)
    running = Endpoint(known.running)
    memory = Endpoint(known.memory)
    load = Endpoint(known.load)
    unload = Endpoint(known.unload)
    model_log = Endpoint(known.model_log)
    fit = Endpoint(known.fit)
    suggestions = Endpoint(known.suggestions)

    search = Endpoint(hub.search)
    hub_model = Endpoint(hub.hub_model)
    download = Endpoint(hub.download)
    store = Endpoint(hub.store)
    stored = Endpoint(hub.stored)
    verify = Endpoint(hub.verify)
    gc = Endpoint(hub.gc)
    change_data_set = Endpoint(hub.change_data_set)
    remove_data_set = Endpoint(hub.remove_data_set)
    adopt = Endpoint(hub.adopt)
    updates = Endpoint(hub.updates)

    jobs = Endpoint(work.jobs)
    job = Endpoint(work.job)
    pause = Endpoint(work.pause)
    resume = Endpoint(work.resume)
    cancel = Endpoint(work.cancel)
    prioritise = Endpoint(work.prioritise)
    forget_job = Endpoint(work.forget_job)
    clear_jobs = Endpoint(work.clear_jobs)
    calls = Endpoint(work.calls)
    cancel_call = Endpoint(work.cancel_call)

    stats = Endpoint(watching.stats)
    past_calls = Endpoint(watching.past_calls)
    call = Endpoint(watching.call)
    hooks = Endpoint(watching.hooks)
    add_hook = Endpoint(watching.add_hook)
    remove_hook = Endpoint(watching.remove_hook)
    test_hook = Endpoint(watching.test_hook)
    create_batch = Endpoint(files.create_batch)
    batches = Endpoint(files.batches)
    batch = Endpoint(files.batch)
    steer_batch = Endpoint(files.steer_batch)

    sessions = Endpoint(chats.sessions)
    session = Endpoint(chats.session)
    create_session = Endpoint(chats.create_session)
    change_session = Endpoint(chats.change_session)
    delete_session = Endpoint(chats.delete_session)
    restore_session = Endpoint(chats.restore_session)
    export_session = Endpoint(chats.export_session)
    export_markdown = Endpoint(chats.export_markdown)
    import_session = Endpoint(chats.import_session)
    ask = Endpoint(chats.ask)
    regenerate = Endpoint(chats.regenerate)
    proceed = Endpoint(chats.proceed)
    stop = Endpoint(chats.stop)
    select_branch = Endpoint(chats.select_branch)
    reset_context = Endpoint(chats.reset_context)

    settings = Endpoint(server.settings)
    set = Endpoint(server.set_)
    keys = Endpoint(server.keys)
    key = Endpoint(server.key)
    create_key = Endpoint(server.create_key)
    change_key = Endpoint(server.change_key)
    rotate_key = Endpoint(server.rotate_key)
    revoke_key = Endpoint(server.revoke_key)

    provider_kinds = Endpoint(services.provider_kinds)
    providers = Endpoint(services.providers)
    provider = Endpoint(services.provider)
    add_provider = Endpoint(services.add_provider)
    change_provider = Endpoint(services.change_provider)
    check_provider = Endpoint(services.check_provider)
    provider_models = Endpoint(services.provider_models)
    remove_provider = Endpoint(services.remove_provider)
    destinations = Endpoint(services.destinations)
    own_keys = Endpoint(services.own_keys)
    set_own_keys = Endpoint(services.set_own_keys)
    check_own_keys = Endpoint(services.check_own_keys)
    remove_own_keys = Endpoint(services.remove_own_keys)

    endpoints = Endpoint(dedicated.endpoints)
    endpoint = Endpoint(dedicated.endpoint)
    create_endpoint = Endpoint(dedicated.create_endpoint)
    change_endpoint = Endpoint(dedicated.change_endpoint)
    pause_endpoint = Endpoint(dedicated.pause_endpoint)
    resume_endpoint = Endpoint(dedicated.resume_endpoint)
    scale_endpoint_to_zero = Endpoint(dedicated.scale_endpoint_to_zero)
    delete_endpoint = Endpoint(dedicated.delete_endpoint)
    wait_for_endpoint = Endpoint(dedicated.wait_for_endpoint)
    endpoint_logs = Endpoint(dedicated.endpoint_logs)
    use_endpoint = Endpoint(dedicated.use_endpoint)
    endpoint_hardware = Endpoint(dedicated.endpoint_hardware)
    endpoint_cost = Endpoint(dedicated.endpoint_cost)

    routes = Endpoint(ways.routes)
    route = Endpoint(ways.route)
    put_route = Endpoint(ways.put_route)
    remove_route = Endpoint(ways.remove_route)
    plan_call = Endpoint(ways.plan_call)
    prices = Endpoint(money.prices)
    set_price = Endpoint(money.set_price)
    remove_price = Endpoint(money.remove_price)
    budgets = Endpoint(money.budgets)
    set_budget = Endpoint(money.set_budget)
    remove_budget = Endpoint(money.remove_budget)
    usage = Endpoint(money.usage)
    usage_table = Endpoint(money.usage_table)

    secrets = Endpoint(server.secrets)
    set_secret = Endpoint(server.set_secret)
    delete_secret = Endpoint(server.delete_secret)
    engines = Endpoint(server.engines)
    build_engine = Endpoint(server.build_engine)
    use_engine = Endpoint(server.use_engine)
    remove_engine = Endpoint(server.remove_engine)
    cache = Endpoint(server.cache)
    clear_cache = Endpoint(server.clear_cache)
    status = Endpoint(server.status)
    hardware = Endpoint(server.hardware)
    doctor = Endpoint(server.doctor)
    logs = Endpoint(server.logs)
    version = Endpoint(server.version)
