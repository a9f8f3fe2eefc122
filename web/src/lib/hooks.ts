/** What a hook is told of, in the reader's language; what the page does not know yet in the server's words. */

import { i18n, t } from "$/locales/i18n.svelte";

export const eventWords = (event: string, kinds: Record<string, string>): string =>
  i18n.has(`hooks.event.${event}`) ? t(`hooks.event.${event}` as "hooks.event.budget") : (kinds[event] ?? event);
