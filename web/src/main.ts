import { mount } from "svelte";
import App from "./App.svelte";
import { app } from "./stores/app.svelte";
import "./styles/tokens.css";
import "./styles/fonts.css";
import "./styles/base.css";
import "./styles/prose.css";

const target = document.getElementById("app")!;
const started = app.start();
target.replaceChildren();
mount(App, { target });
void started;
