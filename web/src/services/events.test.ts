import { afterEach, describe, expect, it } from "vitest";
import { until, withFake } from "$/testing/fake";
import { EventStream } from "./events";
import * as models from "./models";

const server = withFake();
let stream = new EventStream();

afterEach(() => stream.stop());

async function watched(): Promise<string[]> {
  stream = new EventStream();
  const heard: string[] = [];
  stream.on("model", (model) => heard.push(`${model.name} ${model.pinned}`));
  stream.on("reset", () => heard.push("reset"));
  stream.start();
  await until(() => server.fake.state.watchers.size === 1);
  return heard;
}

describe("the event stream", () => {
  it("tells what happens", async () => {
    const heard = await watched();
    await models.patch("mistral-7b", { pinned: true });
    await until(() => heard.includes("mistral-7b true"));
  });

  it("misses nothing while the connection is broken", async () => {
    const heard = await watched();
    await models.patch("mistral-7b", { pinned: true });
    await until(() => heard.length === 1);
    server.fake.leave();
    const model = server.fake.state.models.get("mistral-7b")!;
    server.fake.state.publish("model", { ...model, pinned: false });
    server.fake.comeBack();
    await until(() => heard.length === 2);
    expect(heard).toEqual(["mistral-7b true", "mistral-7b false"]);
  });

  it("says so when the server was started anew", async () => {
    const heard = await watched();
    await models.patch("mistral-7b", { pinned: true });
    await until(() => heard.length === 1);
    server.fake.state.boot = "another";
    server.fake.leave();
    server.fake.comeBack();
    await until(() => heard.includes("reset"));
  });
});
