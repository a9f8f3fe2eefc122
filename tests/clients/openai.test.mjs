/** OpenAI's own client for JavaScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.env.SERAI_URL}/v1`, apiKey: "any", maxRetries: 0 });
const messages = [{ role: "user", content: "How do I stop Serai?" }];
const weather = {
	type: "function",
	function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

test("a chat is answered, with what it took", async () => {
	const answer = await client.chat.completions.create({ model: "serai-guide", messages });
	assert.match(answer.choices[0].message.content, /Ctrl\+C/);
	assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test("a stream says the same, piece by piece", async () => {
	const whole = await client.chat.completions.create({ model: "serai-guide", messages, temperature: 0 });
	const stream = client.chat.completions.stream({ model: "serai-guide", messages, temperature: 0 });
	const pieces = [];
	for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta?.content ?? "");
	assert.equal(pieces.join(""), whole.choices[0].message.content);
	assert.ok(pieces.filter(Boolean).length > 1);
	assert.equal((await stream.finalChatCompletion()).choices[0].finish_reason, "stop");
});

test("a stream that is left ends", async () => {
	const stream = await client.chat.completions.create({ model: "serai-guide", messages, stream: true });
	for await (const _ of stream) break;
	assert.ok(stream.controller.signal.aborted);
});

test("tools are called and their results read", async () => {
	const asked = [{ role: "user", content: "Weather in Oslo?" }];
	const answer = await client.chat.completions.create({
		model: "my-tools", messages: asked, tools: [weather], temperature: 0, max_tokens: 200,
	});
	const [call] = answer.choices[0].message.tool_calls;
	assert.equal(answer.choices[0].finish_reason, "tool_calls");
	assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo" });
	const result = { role: "tool", tool_call_id: call.id, content: "Snow" };
	const again = await client.chat.completions.create({
		model: "my-tools", messages: [...asked, answer.choices[0].message, result], max_tokens: 4,
	});
	assert.ok(again.usage.completion_tokens > 0);
});

test("structure is held", async () => {
	const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
	const answer = await client.chat.completions.create({
		model: "serai-guide", messages, max_tokens: 60,
		response_format: { type: "json_schema", json_schema: { name: "said", strict: true, schema } },
	});
	assert.equal(typeof JSON.parse(answer.choices[0].message.content).ok, "boolean");
});

test("responses follow on each other, and stream", async () => {
	const first = await client.responses.create({ model: "serai-guide", input: "What is Serai?" });
	const next = await client.responses.create({ model: "serai-guide", input: "How do I stop it?", previous_response_id: first.id });
	assert.ok(next.output_text);
	const kinds = [];
	for await (const event of await client.responses.create({ model: "serai-guide", input: "Hello", stream: true })) kinds.push(event.type);
	assert.equal(kinds[0], "response.created");
	assert.equal(kinds.at(-1), "response.completed");
	assert.equal((await client.responses.retrieve(first.id)).output_text, first.output_text);
});

test("a text is completed", async () => {
	const answer = await client.completions.create({ model: "serai-guide", prompt: "Serai is", max_tokens: 5 });
	assert.ok(answer.choices[0].text);
});

test("texts are embedded", async () => {
	const answer = await client.embeddings.create({ model: "my-embedder", input: ["one", "two"] });
	const length = Math.hypot(...answer.data[1].embedding);
	assert.ok(Math.abs(length - 1) < 1e-3, `${length}`);
});

test("models are listed", async () => {
	const names = [];
	for await (const model of client.models.list()) names.push(model.id);
	assert.ok(names.includes("serai-guide"));
	assert.equal((await client.models.retrieve("my-tools")).id, "my-tools");
});

test("errors are the client's own", async () => {
	const unknown = client.chat.completions.create({ model: "gide", messages });
	await assert.rejects(unknown, (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
	const wrong = client.chat.completions.create({ model: "serai-guide", messages, temperature: 9 });
	await assert.rejects(wrong, (error) => error instanceof OpenAI.BadRequestError && /temperature/.test(error.message));
});
