/** Small facts about models that several views show the same way. */

import type { Model } from "./api/types";

/** The title as people say it, else the last part of the name. */
export const titleOf = (model: Pick<Model, "title" | "name">): string => model.title || shortName(model.name);

export const shortName = (name: string): string => name.split("/").pop() ?? name;

/** "Qwen", of "Qwen/Qwen3-1.7B-GGUF:Q4_K_M"; nothing for a file or an alias. */
export const ownerOf = (name: string): string => (name.includes("/") ? name.split("/")[0]! : "");

/** How much context a chat with this model really has: what is reserved while it runs, else what it can. */
export function contextOf(model: Model | undefined, reserved: number | null): number | null {
  if (!model) return null;
  if (model.running) return model.running.context;
  if (model.context_length === null) return reserved;
  return reserved === null ? model.context_length : Math.min(model.context_length, reserved);
}

const chatTasks = new Set(["chat", "text-generation", "conversational", "image-text-to-text", "any-to-any"]);

export const canChat = (model: Pick<Model, "task">): boolean => chatTasks.has(model.task);

/** The model that would answer now, chosen as the server chooses: the wanted one, the default, what was used last of
 *  what runs, the newest, the embedded one. */
export function answering(models: Model[], wanted: string | null, preferred: string): Model | undefined {
  const named = [wanted, preferred].find((name) => name && name !== "auto");
  if (named) return models.find((model) => model.name === named);
  const able = models.filter(canChat);
  const own = able.filter((model) => model.source !== "embedded");
  const newest = (by: "last_used_at" | "added_at", of: Model[]): Model | undefined =>
    of.toSorted((a, b) => (b[by] ?? 0) - (a[by] ?? 0))[0];
  return (
    newest(
      "last_used_at",
      own.filter((model) => model.running),
    ) ??
    newest("added_at", own) ??
    able[0]
  );
}
