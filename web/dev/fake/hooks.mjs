/** The fake server's hooks: an address on port 1 takes nothing. */

import { id, now } from "./state.mjs";

const kinds = {
  "call.failed": "A call ended with an error.",
  budget: "A soft budget was passed, or a hard one refuses a call.",
  "job.ended": "A job is done, failed or cancelled.",
  "model.state": "A model is being loaded, is ready, was unloaded, or could not be loaded.",
  "provider.away": "A service did not answer three times in a row.",
  "provider.back": "A service that was away answers again.",
};

const hook = (fields) => ({
  id: id("hook"),
  private: false,
  created_at: now() - 86_400,
  sent_at: null,
  failures: 0,
  error: "",
  ...fields,
});

export const seededHooks = () =>
  [
    hook({ url: "https://hooks.example/serai", events: Object.keys(kinds), sent_at: now() - 400 }),
    hook({
      url: "http://192.168.1.20:8080/told",
      private: true,
      events: ["call.failed", "provider.away"],
      failures: 3,
      error: "It answered with 500.",
    }),
  ].map((one) => [one.id, one]);

/** Answers below `/hooks`, as `[status, body]`; `fault` makes an error. */
export function hooks(state, method, [hid, verb], given, fault) {
  if (!hid && method === "GET") return [200, { hooks: [...state.hooks.values()], kinds }];
  if (!hid) {
    const events = given.events?.length ? given.events : Object.keys(kinds);
    const made = hook({ ...given, events, created_at: now() });
    state.hooks.set(made.id, made);
    return [201, { ...made, secret: "whsec_c2VjcmV0IG9mIHRoZSBmYWtl" }]; // scan: allow
  }
  const one = state.hooks.get(hid);
  if (!one) throw fault(404, "not_found", "There is no such hook.", "");
  if (method === "DELETE") return (state.hooks.delete(hid), [204]);
  const taken = verb === "test" && !one.url.includes(":1/");
  const error = taken ? "" : "It cannot be reached.";
  Object.assign(one, taken ? { sent_at: now(), failures: 0, error } : { failures: one.failures + 1, error });
  return [200, { taken, seconds: 0.02, error }];
}
