/** A server that speaks the native API's shapes, for the page's development and component tests only.
 *  node dev/fake-server.mjs [--port 7399] [--empty] [--speed 60] [--messages 1000] */

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { routes } from "./fake/routes.mjs";
import { State } from "./fake/state.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7399" },
    empty: { type: "boolean" },
    speed: { type: "string", default: "60" },
    messages: { type: "string", default: "0" },
  },
});
const built = fileURLToPath(new URL("../../src/serai/page/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".json": "application/json",
};
const csp =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

let state = new State({ empty: values.empty, speed: Number(values.speed), messages: Number(values.messages) });
let away = false;
const sockets = new Set();

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://fake");
  if (url.pathname === "/__fake") return control(url, response);
  if (away) return request.socket.destroy();
  if (!url.pathname.startsWith("/api/")) return page(url, response);
  await routes(state, request, response, url);
});
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
server.listen(Number(values.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));

function control(url, response) {
  const wish = url.searchParams;
  if (wish.has("away")) {
    away = wish.get("away") === "true";
    if (away) for (const socket of sockets) if (socket !== response.socket) socket.destroy();
  }
  if (wish.has("speed")) state.speed = Number(wish.get("speed"));
  if (wish.has("fail")) state.failLoad = wish.get("fail") === "true";
  if (wish.has("reset"))
    state = new State({
      empty: wish.get("reset") === "empty",
      speed: Number(wish.get("speed") ?? values.speed),
      messages: Number(wish.get("messages") ?? 0),
    });
  response.setHeader("connection", "close").end("{}");
}

async function page(url, response) {
  const path = normalize(url.pathname);
  const file = extname(path) ? path : "index.html";
  try {
    const body = await readFile(join(built, file));
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "content-security-policy": csp,
      "cache-control": path.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache",
    });
    response.end(body);
  } catch {
    response.writeHead(404).end("not found");
  }
}
