/** A server that speaks the native API's shapes, for the page's development and tests only.
 *  node dev/fake-server.mjs [--port 7399] [--empty] [--speed 60] [--messages 1000]
 *  Faults: GET /__fake?away=true|false&fail=true&speed=200&reset=empty|full */

import { parseArgs } from "node:util";
import { page } from "./fake/page.mjs";
import { Fake } from "./fake/start.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7399" },
    empty: { type: "boolean" },
    speed: { type: "string", default: "60" },
    messages: { type: "string", default: "0" },
  },
});

const options = { empty: values.empty, speed: Number(values.speed), messages: Number(values.messages), page };
const fake = await new Fake(options).listen(Number(values.port));
console.log(fake.url);
