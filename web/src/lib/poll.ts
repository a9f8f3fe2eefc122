/** Work that is repeated while the page is looked at: at once, then after every answer and a pause; never two at a time. */

export function poll(everyMs: number, work: () => Promise<unknown>): () => void {
  let ended = false;
  let busy = false;
  let timer: ReturnType<typeof setTimeout>;

  async function run(): Promise<void> {
    clearTimeout(timer);
    if (ended || busy || document.hidden) return;
    busy = true;
    // A failure is reported by the services; the next round tries again.
    await work().catch(() => undefined);
    busy = false;
    if (!ended) timer = setTimeout(() => void run(), everyMs);
  }

  const seen = (): void => void run();
  document.addEventListener("visibilitychange", seen);
  void run();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
