import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { i18n } from "$/locales/i18n.svelte";
import * as api from "$/services/remote";
import { until, withFake } from "$/testing/fake";
import OwnKeys from "./remote/OwnKeys.svelte";

withFake();
beforeEach(() => i18n.use("en"));
afterEach(cleanup);

const field = (): HTMLInputElement => screen.getByLabelText("Your own key for groq", { exact: true });
const kept = async (): Promise<number> => (await api.ownKeys()).services[0]!.keys;

describe("a key of one's own", () => {
  it("is set, checked at once, never shown, and taken back", async () => {
    render(OwnKeys);
    await fireEvent.input(await screen.findByLabelText("Your own key for groq"), { target: { value: " mine " } });
    await fireEvent.click(screen.getByRole("button", { name: "Save: Your own key for groq" }));
    await screen.findByText("1 key of your own");
    await screen.findByText(/takes the key/);
    expect(field().value).toBe("");
    await fireEvent.click(screen.getByRole("button", { name: "Remove: Your own key for groq" }));
    await until(() => !screen.queryByText("1 key of your own"));
    expect(await kept()).toBe(0);
  });

  it("is not asked for where a service is shown only the common ones", async () => {
    await api.change("groq", { whose_keys: "common" });
    await api.change("den", { whose_keys: "own" });
    render(OwnKeys);
    await screen.findByText("takes only a key of your own");
    expect(screen.queryByLabelText("Your own key for groq")).toBeNull();
  });
});
