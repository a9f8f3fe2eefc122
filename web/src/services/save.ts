/** Saves an answer of the server as a file; a plain link could not carry the key that some servers ask for. */

import { headers, send } from "./http";

export async function saveAs(path: string, name: string): Promise<void> {
  const blob = await (await send(path, { headers: headers({ accept: "*/*" }) })).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Without what file systems refuse. */
export const fileName = (name: string): string =>
  name
    .replace(/[\\/:*?"<>|\p{Cc}]/gu, " ")
    .trim()
    .slice(0, 120) || "chat";
