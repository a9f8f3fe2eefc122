/** Starts the fake server on a port, 0 for a free one; tests start it in their own process. */

import { createServer } from "node:http";
import { routes } from "./routes.mjs";
import { State } from "./state.mjs";

export class Fake {
  /** `page` answers what is not the API.
   *  @param {{empty?: boolean, speed?: number, messages?: number, page?: Function}} [options] */
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
    return this.options.page ? this.options.page(url, response) : response.writeHead(404).end();
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
