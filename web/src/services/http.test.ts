import { afterEach, describe, expect, it, vi } from "vitest";
import { i18n } from "$/locales/i18n.svelte";
import { words } from "$/lib/words";
import { ApiError, credentials, headers, namePath, onContact, request } from "./http";

const answer = (status: number, body: string): void =>
  void vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(status === 204 ? null : body, { status, statusText: "Oh" })),
  );

afterEach(() => {
  vi.unstubAllGlobals();
  credentials.clear();
});

async function failure(): Promise<ApiError> {
  return request("GET", "/x").then(
    () => expect.unreachable(),
    (error: ApiError) => error,
  );
}

describe("a request", () => {
  it("gives the answer", async () => {
    answer(200, '{"a":1}');
    expect(await request("GET", "/x")).toEqual({ a: 1 });
  });

  it("carries the server's own words when it is refused", async () => {
    answer(404, '{"error":{"code":"model_not_found","message":"No x.","who":"you","hint":"Try y.","facts":{"n":1}}}');
    expect(await failure()).toMatchObject({ code: "model_not_found", message: "No x.", hint: "Try y.", status: 404 });
  });

  it("names the status when something else answers", async () => {
    answer(502, "<html>proxy</html>");
    expect(await failure()).toMatchObject({ code: "http_502", message: "502 Oh" });
  });

  it("says when nobody is there, and when somebody is again", async () => {
    const heard: (string | undefined)[] = [];
    const end = onContact((error) => heard.push(error?.code));
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
    expect((await failure()).unreachable).toBe(true);
    answer(204, "");
    await request("DELETE", "/x");
    end();
    expect(heard).toEqual(["away", undefined]);
  });

  it("a service that Serai cannot reach is not Serai being away", async () => {
    await i18n.use("en");
    const error = new ApiError({ code: "unreachable", message: "groq does not answer.", status: 502 });
    expect([error.unreachable, words(error).message]).toEqual([false, "groq does not answer."]);
  });
});

it("the key of this tab goes along", () => {
  credentials.set("serai-secret");
  expect(headers().authorization).toBe("Bearer serai-secret");
});

it("a model's name keeps its slashes in a path", () => expect(namePath("org/a b:Q4?#")).toBe("org/a%20b%3AQ4%3F%23"));
