/** The pictures of a card: each is asked of our own server once it comes into view. */

import { picture } from "./hub";

/** Loads what `data-picture` names within `root`, as it comes into view; what it returns gives everything back. Where one
 *  cannot be had, its description stays. */
export function pictures(root: Element): () => void {
  const abort = new AbortController();
  const made: string[] = [];

  async function load(image: HTMLImageElement): Promise<void> {
    const address = image.dataset.picture ?? "";
    delete image.dataset.picture;
    try {
      const url = URL.createObjectURL(await picture(address, abort.signal));
      made.push(url);
      image.src = url;
    } catch {
      if (abort.signal.aborted) return;
      const words = document.createElement("span");
      words.className = "missing";
      words.textContent = image.alt;
      image.replaceWith(words);
    }
  }

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        void load(target as HTMLImageElement);
      }
    },
    { rootMargin: "300px" },
  );
  for (const image of root.querySelectorAll("img[data-picture]")) seen.observe(image);
  return () => {
    abort.abort();
    seen.disconnect();
    for (const url of made) URL.revokeObjectURL(url);
  };
}
