/** Serves the built page as the server does: strict policy, hashed files for ever, index.html for every other path. */

import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

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

export async function page(url, response) {
  const path = normalize(url.pathname);
  const file = extname(path) in types ? path : "index.html"; // a view may name a model, such as qwen-1.5b
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
