/** Reading a JSON log line, whatever exactly its writer called things. */

import type { LogLine } from "./api/types";

export const levels = ["debug", "info", "warning", "error", "critical"];

export const levelOf = (line: LogLine): string => String(line.level ?? "info").toLowerCase();

export const messageOf = (line: LogLine): string => String(line.message ?? line.event ?? line.msg ?? line.text ?? "");

/** Seconds since 1970; an ISO time is understood too. */
export function timeOf(line: LogLine): number {
  const time = line.time ?? line.ts ?? line.at ?? line.timestamp;
  if (typeof time === "number") return time;
  const read = Date.parse(String(time));
  return Number.isNaN(read) ? 0 : read / 1000;
}

const told = new Set(["level", "message", "event", "msg", "text", "time", "ts", "at", "timestamp", "part", "logger"]);

/** Everything else the line holds, as `key=value`. */
export const restOf = (line: LogLine): string =>
  Object.entries(line)
    .filter(([key]) => !told.has(key))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
