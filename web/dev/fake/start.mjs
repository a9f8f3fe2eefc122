/** Starts the fake server on a port, 0 for a free one; tests start it in their own process. */

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { routes } from "./routes.mjs";
import { State } from "./state.mjs";

const built = fileURLToPath(new URL("../../../src/serai/page/", import.meta.url));
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

export class Fake {
  /** @param {{empty?: boolean, speed?: number, messages?: number}} [options] */
  constructor(options = {}) {
    this.options = options;
    this.state = new State(options);
    this.away = false;
    this.url = "";
    this.sockets = new Set();
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  /** @param {number} port @returns {Promise<Fake>} */
  listen(port = 0) {
    return new Promise((resolve) => {
      this.server.listen(port, "127.0.0.1", () => {
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        resolve(this);
      });
    });
  }

  /** Cuts every connection, and refuses new ones until it is back. */
  leave() {
    this.away = true;
    for (const socket of this.sockets) socket.destroy();
  }

  comeBack() {
    this.away = false;
  }

  close() {
    this.leave();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async answer(request, response) {
    const url = new URL(request.url, "http://fake");
    if (url.pathname === "/__fake") return this.control(url.searchParams, response);
    if (this.away) return request.socket.destroy();
    if (url.pathname.startsWith("/api/")) return routes(this.state, request, response, url);
    return page(url, response);
  }

  control(wish, response) {
    response.setHeader("connection", "close").end("{}");
    if (wish.get("away") === "true") setTimeout(() => this.leave(), 20);
    if (wish.get("away") === "false") this.comeBack();
    if (wish.has("speed")) this.state.speed = Number(wish.get("speed"));
    if (wish.has("fail")) this.state.failLoad = wish.get("fail") === "true";
    if (wish.has("reset")) this.state = new State({ ...this.options, empty: wish.get("reset") === "empty" });
  }
}

async function page(url, response) {
  const path = normalize(url.pathname);
  const file = extname(path) ? path : "index.html";
  try {
    const body = await readFile(join(built, file));
    const cache = path.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache";
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "content-security-policy": csp,
      "cache-control": cache,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end("not found");
  }
}
