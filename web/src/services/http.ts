/** One way to the server: JSON in and out, and every failure an ApiError with the server's own words. */

/** The page's own code; `unreachable` is the server's, for a service that it cannot reach. */
export const AWAY = "away";

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly who: string;
  readonly hint: string;
  readonly facts: Record<string, unknown>;

  constructor(fields: Partial<ApiError> & { code: string; message: string }) {
    super(fields.message);
    this.name = "ApiError";
    this.code = fields.code;
    this.status = fields.status ?? 0;
    this.who = fields.who ?? "serai";
    this.hint = fields.hint ?? "";
    this.facts = fields.facts ?? {};
  }

  /** The server could not be reached at all; nothing is known about what it did. */
  get unreachable(): boolean {
    return this.code === AWAY;
  }
}

const KEY = "serai.key";

/** The API key a person entered for a server that asks for one; kept for this browser tab only. */
export const credentials = {
  get: (): string | null => sessionStorage.getItem(KEY),
  set: (value: string): void => sessionStorage.setItem(KEY, value),
  clear: (): void => sessionStorage.removeItem(KEY),
};

type Listener = (error: ApiError | null) => void;
const listeners = new Set<Listener>();

/** Calls back after every request: with null when the server answered, with the error when it was not reachable or refused us. */
export function onContact(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function report(error: ApiError | null): void {
  for (const listener of listeners) listener(error);
}

export function headers(extra: Record<string, string> = {}): Record<string, string> {
  const key = credentials.get();
  return { accept: "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}), ...extra };
}

/** Reads the error envelope; anything else (a proxy's page, say) becomes an error that names the status. */
export async function errorOf(response: Response): Promise<ApiError> {
  const fallback = { code: `http_${response.status}`, message: `${response.status} ${response.statusText}`.trim() };
  const body: unknown = await response.json().catch(() => null);
  const inner = body && typeof body === "object" && "error" in body ? (body.error as Partial<ApiError>) : null;
  return new ApiError({ ...fallback, ...(inner ?? {}), status: response.status });
}

/** Fetches, and reports contact; raises ApiError for everything that is not 2xx. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    const error = new ApiError({ code: AWAY, message: "Serai cannot be reached." });
    report(error);
    throw error;
  }
  if (response.ok) {
    report(null);
    return response;
  }
  const error = await errorOf(response);
  report(error.status === 401 ? error : null);
  throw error;
}

export async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = {
    method,
    headers: headers(body === undefined ? {} : { "content-type": "application/json" }),
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  const response = await send(`/api/v1${path}`, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function blob(path: string, signal: AbortSignal): Promise<Blob> {
  return (await send(`/api/v1${path}`, { headers: headers({}), signal })).blob();
}

/** A model's name in a path: its slashes stay, everything else is escaped. */
export const namePath = (name: string): string => name.split("/").map(encodeURIComponent).join("/");
