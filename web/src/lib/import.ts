/** A session from a file that was exported as JSON. */

import type { Session } from "./api/types";
import { ApiError } from "$/services/http";
import { importJson } from "$/services/sessions";
import { t } from "$/locales/i18n.svelte";

export async function readSession(file: File): Promise<Session> {
  let body: unknown;
  try {
    body = JSON.parse(await file.text());
  } catch {
    throw new ApiError({ code: "not_json", message: t("sessions.notJson", { name: file.name }) });
  }
  return importJson(body);
}
