/** Anthropic's own client for JavaScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: process.env.SERAI_URL, apiKey: "any", maxRetries: 0 });
const asked = { model: "serai-guide", max_tokens: 100, messages: [{ role: "user", content: "How do I stop Serai?" }] };
const tools = [{ name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } }];

test("a message is answered", async () => {
	const message = await client.messages.create({ ...asked, system: "Be brief." });
	assert.match(message.content[0].text, /Ctrl\+C/);
	assert.equal(message.stop_reason, "end_turn");
	assert.ok(message.usage.output_tokens > 1);
});

test("a stream says the same, event by event", async () => {
	const whole = await client.messages.create({ ...asked, temperature: 0 });
	const kinds = [];
	const stream = client.messages.stream({ ...asked, temperature: 0 });
	for await (const event of stream) kinds.push(event.type);
	assert.deepEqual([...new Set(kinds)].filter((kind) => kind !== "ping"), [
		"message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
	]);
	assert.equal(await stream.finalText(), whole.content[0].text);
});

test("tools are called and their results read", async () => {
	const question = { role: "user", content: "Weather in Oslo?" };
	const called = await client.messages.create({ ...asked, model: "my-tools", messages: [question], tools, temperature: 0, max_tokens: 200 });
	const call = called.content.find((block) => block.type === "tool_use");
	assert.equal(called.stop_reason, "tool_use");
	assert.deepEqual(call.input, { city: "Oslo" });
	const result = { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "Snow" }] };
	const messages = [question, { role: "assistant", content: called.content }, result];
	const answer = await client.messages.create({ ...asked, model: "my-tools", messages, tools, max_tokens: 4 });
	assert.ok(answer.usage.output_tokens > 0);
});

test("tokens are counted as they are used", async () => {
	const { max_tokens: _, ...countable } = asked;
	const counted = await client.messages.countTokens(countable);
	const { usage } = await client.messages.create(asked);
	assert.equal(counted.input_tokens, usage.input_tokens + usage.cache_read_input_tokens);
});

test("models are listed", async () => {
	const names = [];
	for await (const model of client.models.list()) names.push(model.id);
	assert.ok(names.includes("serai-guide"));
});

test("errors are the client's own", async () => {
	await assert.rejects(client.messages.create({ ...asked, model: "gide" }), Anthropic.NotFoundError);
	await assert.rejects(client.messages.create({ ...asked, max_tokens: 0 }), Anthropic.BadRequestError);
});
