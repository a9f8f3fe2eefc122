/** Ollama's own client for JavaScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ollama } from "ollama";

const client = new Ollama({ host: process.env.SERAI_URL });
const messages = [{ role: "user", content: "How do I stop Serai?" }];

test("a chat is answered, whole and in pieces", async () => {
	const whole = await client.chat({ model: "serai-guide", messages, options: { temperature: 0 } });
	const pieces = [];
	for await (const part of await client.chat({ model: "serai-guide", messages, options: { temperature: 0 }, stream: true })) {
		pieces.push(part.message.content);
	}
	assert.match(whole.message.content, /Ctrl\+C/);
	assert.equal(pieces.join(""), whole.message.content);
	assert.ok(whole.eval_count > 1 && whole.done);
});

test("a prompt is answered", async () => {
	const answer = await client.generate({ model: "serai-guide", prompt: "What is Serai?", options: { num_predict: 8 } });
	assert.equal(answer.eval_count, 8);
	assert.equal(answer.done_reason, "length");
});

test("tools are called", async () => {
	const tool = { type: "function", function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } } };
	const answer = await client.chat({ model: "my-tools", messages, tools: [tool], options: { temperature: 0 } });
	const called = answer.message.tool_calls[0].function;
	assert.deepEqual([called.name, called.arguments], ["weather", { city: "Oslo" }]);
});

test("texts are embedded", async () => {
	const answer = await client.embed({ model: "my-embedder", input: ["one", "two"] });
	assert.equal(answer.embeddings.length, 2);
});

test("models are listed, shown and seen running", async () => {
	const names = (await client.list()).models.map((model) => model.name);
	assert.ok(names.includes("serai-guide:latest"));
	const shown = await client.show({ model: "serai-guide" });
	assert.ok(shown.capabilities.includes("completion"));
	await client.generate({ model: "serai-guide", prompt: "Hi", options: { num_predict: 1 } });
	assert.ok((await client.ps()).models.some((model) => model.name === "serai-guide:latest"));
});

test("a model is made of another, and forgotten", async () => {
	await client.create({ model: "brief", from: "serai-guide", system: "Be brief." });
	assert.match((await client.show({ model: "brief" })).system, /brief/);
	await client.delete({ model: "brief" });
	await assert.rejects(client.show({ model: "brief" }), { status_code: 404 });
});
