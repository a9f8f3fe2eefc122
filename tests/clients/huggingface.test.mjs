/** Hugging Face's own client for JavaScript. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceClient } from "@huggingface/inference";

const client = new InferenceClient("any", { endpointUrl: process.env.SERAI_URL });
const asked = { model: "serai-guide", messages: [{ role: "user", content: "How do I stop Serai?" }], temperature: 0 };

test("a chat is answered, whole and in pieces", async () => {
	const whole = await client.chatCompletion(asked);
	const pieces = [];
	for await (const chunk of client.chatCompletionStream(asked)) pieces.push(chunk.choices[0]?.delta?.content ?? "");
	assert.match(whole.choices[0].message.content, /Ctrl\+C/);
	assert.equal(pieces.join(""), whole.choices[0].message.content);
});
