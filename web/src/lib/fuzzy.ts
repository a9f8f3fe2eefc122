/** Fuzzy matching for the palette: letters in order; starts of words and runs of letters weigh more. */

/** A score, higher is better, or null where `query` does not occur in `text` in order. */
export function score(query: string, text: string): number | null {
  const wanted = fold(query);
  const given = fold(text);
  if (!wanted) return 0;
  const whole = given.indexOf(wanted);
  if (whole >= 0) return 1000 - whole - given.length / 100 + (boundary(given, whole) ? 200 : 0);
  let total = 0;
  let at = -1;
  for (const letter of wanted) {
    if (letter === " ") continue;
    const next = given.indexOf(letter, at + 1);
    if (next < 0) return null;
    total += next === at + 1 ? 8 : boundary(given, next) ? 6 : 1;
    at = next;
  }
  return total - given.length / 100;
}

const boundary = (text: string, at: number): boolean => at === 0 || /[\s/:._-]/.test(text[at - 1] ?? "");

/** Without case and accents; Arabic ي and ك as Persian ی and ک, so that both keyboards find the same. */
export const fold = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\u200c]/g, "")
    .replace(/ي/g, "ی")
    .replace(/ك/g, "ک")
    .toLowerCase();

export function rank<T>(query: string, items: T[], text: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, points: score(query, text(item)) }))
    .filter((row): row is { item: T; points: number } => row.points !== null)
    .sort((a, b) => b.points - a.points)
    .map((row) => row.item);
}
