/** Vercel's AI SDK with its provider for OpenAI's API. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, jsonSchema, streamText, tool } from "ai";

const serai = createOpenAICompatible({ name: "serai", baseURL: `${process.env.SERAI_URL}/v1`, includeUsage: true });
const prompt = "How do I stop Serai?";

test("a text is made", async () => {
	const { text, usage } = await generateText({ model: serai("serai-guide"), prompt, temperature: 0 });
	assert.match(text, /Ctrl\+C/);
	assert.ok(usage.outputTokens > 1);
});

test("a text is streamed", async () => {
	const { textStream, usage } = streamText({ model: serai("serai-guide"), prompt, temperature: 0 });
	const pieces = [];
	for await (const piece of textStream) pieces.push(piece);
	assert.match(pieces.join(""), /Ctrl\+C/);
	assert.ok((await usage).outputTokens > 1);
});

test("a tool is run", async () => {
	const asked = [];
	const weather = tool({
		inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
		execute: async (input) => asked.push(input),
	});
	await generateText({ model: serai("my-tools"), prompt: "Weather in Oslo?", tools: { weather }, temperature: 0, maxOutputTokens: 200 });
	assert.deepEqual(asked, [{ city: "Oslo" }]);
});

test("texts are embedded", async () => {
	const { embeddings } = await embedMany({ model: serai.textEmbeddingModel("my-embedder"), values: ["one", "two"] });
	assert.equal(embeddings.length, 2);
});
