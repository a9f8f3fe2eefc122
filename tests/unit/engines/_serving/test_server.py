"""The server inside a model's process, over a decoder without a model."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from tests.fakes import tiny_folder
from tests.fakes.decoder import FakeDecoder
from tests.fakes.waiting import until

from serai.engines._serving import vocabulary
from serai.engines._serving.batch import Batch
from serai.engines._serving.server import Loaded, Server
from serai.registry import Launch

pytestmark = pytest.mark.engine
TEXT = "the cat sat 😀 on"
END = 2


class Made:
    """A server that says TEXT and then ends, with its client."""

    def __init__(self, folder: Path, **launch: Any) -> None:
        tiny_folder.write_words(folder, launch.pop("template", tiny_folder.CHAT))
        self.words = vocabulary.read(folder)
        script = [*self.words.encode(launch.pop("text", TEXT), special=False), END]
        self.decoder = FakeDecoder(script, self.words.size)
        self.server = Server(Launch(engine="fake", model="fake", path="", **launch))
        self.client: Any = None

    @property
    def batch(self) -> Batch:
        assert self.server._batch is not None
        return self.server._batch

    async def open(self) -> "Made":
        self.client = TestClient(TestServer(self.server.app(), handler_cancellation=True))
        await self.client.start_server()
        return self

    async def ready(self, context: int = 64) -> "Made":
        await self.open()
        loaded = Loaded(vocabulary=self.words, context=context, decoder=self.decoder, width=self.words.size)
        await self.server.use(loaded)
        return self

    async def close(self) -> None:
        self.decoder.gate.set()
        await self.client.close()
        if self.server._batch is not None:
            await asyncio.to_thread(self.server._batch.stop)
            await self.server._prompts.close()  # type: ignore[union-attr]

    async def post(self, path: str = "/v1/chat/completions", **body: Any) -> Any:
        if "chat" in path:
            body.setdefault("messages", [{"role": "user", "content": "hi"}])
        return await self.client.post(path, json={"temperature": 0, "stream": True, **body})

    async def ask(self, path: str = "/v1/chat/completions", **body: Any) -> "Answer":
        async with await self.post(path, **body) as response:
            assert response.status == 200, await response.text()
            return Answer([line for line in (await response.text()).split("\n\n") if line])


class Answer:
    def __init__(self, lines: list[str]) -> None:
        assert lines[-1] == "data: [DONE]"
        self.events = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
        self.choices = [event["choices"][0] for event in self.events if event.get("choices")]
        self.text = "".join(one.get("delta", {}).get("content", "") + one.get("text", "") for one in self.choices)
        self.finish = self.choices[-1]["finish_reason"]
        self.usage = self.events[-1]["usage"]
        self.logprobs = [entry for one in self.choices for entry in one.get("logprobs", {}).get("content", [])]
        self.calls = [call for one in self.choices for call in one.get("delta", {}).get("tool_calls", [])]


Make = Callable[..., Made]


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[Made] = []

    def one(**how: Any) -> Made:
        made.append(Made(tmp_path / str(len(made)), **how))
        return made[-1]

    yield one
    for each in made:
        await each.close()


async def test_a_chat_is_answered_and_counted(make: Make) -> None:
    made = await make().ready()
    answer = await made.ask()
    assert (answer.text, answer.finish) == (TEXT, "stop")
    assert answer.usage["completion_tokens"] == len(made.words.encode(TEXT, special=False)) + 1
    assert answer.usage["prompt_tokens"] == len(made.words.encode("<|user|>hi<eos><|assistant|>", special=False))


async def test_a_prompt_is_gone_on_with(make: Make) -> None:
    answer = await (await make().ready()).ask("/v1/completions", prompt="a")
    assert (answer.text, answer.usage["prompt_tokens"]) == (TEXT, 1)


async def test_loading_is_said_until_it_is_ready(make: Make) -> None:
    made = await make().open()
    assert (await made.client.get("/health")).status == 503
    assert (await made.post()).status == 503


async def test_only_who_knows_the_token_is_heard(make: Make) -> None:
    made = await make(token="right").ready()
    assert (await made.client.get("/health")).status == 401
    assert (await made.client.get("/health", headers={"authorization": "Bearer right"})).status == 200


async def test_max_tokens_and_stop_texts_end_it(make: Make) -> None:
    made = await make().ready()
    short = await made.ask(max_tokens=3)
    assert (short.finish, short.usage["completion_tokens"]) == ("length", 3)
    stopped = await made.ask(stop=["sat"])
    assert (stopped.text, stopped.finish, stopped.choices[-1]["stop_reason"]) == ("the cat ", "stop", "sat")


async def test_the_end_of_the_context_ends_it(make: Make) -> None:
    made = await make(text="a" * 100).ready()
    answer = await made.ask()
    assert answer.finish == "length"
    assert answer.usage["prompt_tokens"] + answer.usage["completion_tokens"] == 64


async def test_a_prompt_over_the_context_is_refused_with_both_numbers(make: Make) -> None:
    made = await make().ready()
    response = await made.post(messages=[{"role": "user", "content": "x" * 200}])
    error = (await response.json())["error"]
    assert (response.status, error["type"]) == (400, "exceed_context_size_error")
    assert (error["n_prompt_tokens"], error["n_ctx"]) == (203, 64)


async def test_the_next_turn_reads_only_what_is_new(make: Make) -> None:
    made = await make().ready()
    turns = [{"role": "user", "content": "hello there"}]
    first = await made.ask(messages=turns, max_tokens=4)
    turns += [{"role": "assistant", "content": first.text}, {"role": "user", "content": "x"}]
    second = await made.ask(messages=turns, max_tokens=2)
    assert second.usage["prompt_tokens_details"]["cached_tokens"] >= first.usage["prompt_tokens"]


async def test_leaving_frees_the_slot(make: Make) -> None:
    made = await make(text="word " * 300).ready()
    made.decoder.gate.clear()
    response = await made.post()
    await until(lambda: _busy(made))
    response.close()
    await until(lambda: any(slot.answer and slot.answer.cancelled for slot in made.batch._slots))
    made.decoder.gate.set()
    await until(lambda: _rests(made))
    assert len(made.decoder.reads) == 1 and made.decoder.steps == []


async def test_more_callers_than_slots_wait_for_one(make: Make) -> None:
    made = await make().ready()
    made.decoder.gate.clear()
    calls = [asyncio.create_task(made.ask()) for _ in range(5)]
    await until(lambda: made.batch._new.qsize() == 4)
    made.decoder.gate.set()
    answers = await asyncio.gather(*calls)
    assert [answer.text for answer in answers] == [TEXT] * 5
    assert max(len(step) for step in made.decoder.steps) == 2


async def test_a_fault_of_the_decoder_is_told_and_the_next_call_works(make: Make) -> None:
    made = await make().ready()
    made.decoder.error = RuntimeError("CUDA error: out of memory")
    async with await made.post() as response:
        assert "not enough memory" in await response.text()
    made.decoder.error = None
    assert (await made.ask()).text == TEXT


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"mirostat": 2}, "mirostat"),
        ({"grammar": "root ::= ("}, "grammar"),
        ({"response_format": {"type": "poem"}}, "poem"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "x"}}}}, "grammar"),
        ({"messages": "hello"}, "does not fit"),
        ({"logit_bias": {"word": 1}}, "does not fit"),
        ({"tools": [{"function": {"name": "a"}}], "tool_choice": {"function": {"name": "b"}}}, "'b'"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(make: Make, body: dict[str, Any], words: str) -> None:
    response = await (await make().ready()).post(**body)
    assert response.status == 400
    assert words in (await response.json())["error"]["message"]


async def test_what_is_no_json_is_refused(make: Make) -> None:
    made = await make().ready()
    assert (await made.client.post("/v1/chat/completions", data=b"{")).status == 400


async def test_a_grammar_and_a_schema_are_followed(make: Make) -> None:
    made = await make().ready()
    assert (await made.ask(grammar='root ::= "😀 سلام"')).text == "😀 سلام"
    schema = {"type": "object", "properties": {"a": {"enum": [7]}}, "required": ["a"], "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads((await made.ask(response_format=form, max_tokens=40)).text) == {"a": 7}


async def test_probabilities_come_with_every_token(make: Make) -> None:
    answer = await (await make().ready()).ask(logprobs=True, top_logprobs=2, stop=["sat"])
    assert "".join(entry["token"] for entry in answer.logprobs).startswith(answer.text)
    assert all(len(entry["top_logprobs"]) == 2 and entry["logprob"] <= 0 for entry in answer.logprobs)


async def test_a_demanded_tool_is_called(make: Make) -> None:
    made = await make().ready(context=1024)
    city: dict[str, Any] = {"type": "object", "properties": {"city": {"enum": ["Yazd"]}}, "required": ["city"]}
    city["additionalProperties"] = False
    tools = [{"type": "function", "function": {"name": "weather", "parameters": city}}]
    answer = await made.ask(tools=tools, tool_choice="required", max_tokens=60)
    assert answer.finish == "tool_calls" and not answer.text
    assert answer.calls[0]["function"]["name"] == "weather"
    assert json.loads(answer.calls[0]["function"]["arguments"]) == {"city": "Yazd"}


async def test_reasoning_that_the_prompt_opened_is_told_apart(make: Make) -> None:
    made = await make(template=tiny_folder.CHAT + "<think>\n", text="why</think>so").ready()
    answer = await made.ask()
    thought = "".join(one.get("delta", {}).get("reasoning_content", "") for one in answer.choices)
    assert (thought, answer.text) == ("why", "so")


@pytest.mark.parametrize("template", ["{{ raise_exception('no') }}", "{{ messages[0].content * 10 ** 12 }}"])
async def test_a_template_that_refuses_or_runs_wild_costs_one_answer(make: Make, template: str) -> None:
    made = await make(template=template).ready()
    assert (await made.post()).status == 400
    assert (await made.client.get("/health")).status == 200
    assert (await made.ask("/v1/completions", prompt="a")).text == TEXT


async def test_an_answer_that_was_begun_is_gone_on_with(make: Make) -> None:
    made = await make().ready()
    begun = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "the"}]
    await made.ask(messages=begun, max_tokens=1)
    read = [token for _, tokens in made.decoder.reads for token in tokens]
    assert made.words.tokenizer.decode(read, skip_special_tokens=False).endswith("the")


async def test_a_model_without_a_template_of_its_own_gets_a_plain_one(make: Make) -> None:
    made = await make(template=None, text="fine\nUser: and you").ready()
    assert (await made.ask()).text == "fine"
    read = [token for _, tokens in made.decoder.reads for token in tokens]
    assert made.words.decode(read) == "User: hi\nAssistant:"


async def _busy(made: Made) -> bool:
    return any(slot["is_processing"] for slot in await (await made.client.get("/slots")).json())


async def _rests(made: Made) -> bool:
    return not await _busy(made)
