import { mount } from "svelte";
import App from "./App.svelte";
import { app } from "./stores/app.svelte";
import "./styles/tokens.css";
import "./styles/fonts.css";
import "./styles/base.css";
import "./styles/prose.css";

/** What index.html shows stays until the page can speak: nothing flashes, nothing is blank. */
async function begin(target: HTMLElement): Promise<void> {
  await app.prefs.start();
  target.replaceChildren();
  mount(App, { target });
  await app.start();
}

void begin(document.getElementById("app")!);
