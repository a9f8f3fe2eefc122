/** Sessions under the day they were last touched: pinned first, then today, yesterday, this week, month by month. */

export interface Dated {
  updated_at: number;
  pinned: boolean;
}

export type Heading = { kind: "pinned" | "today" | "yesterday" | "week" | "month"; at: number };

const DAY = 86_400_000;

export function headingOf(item: Dated, now: Date): Heading {
  if (item.pinned) return { kind: "pinned", at: 0 };
  const at = item.updated_at * 1000;
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (at >= today) return { kind: "today", at: today };
  if (at >= today - DAY) return { kind: "yesterday", at: today };
  if (at >= today - 7 * DAY) return { kind: "week", at: today };
  const day = new Date(at);
  return { kind: "month", at: new Date(day.getFullYear(), day.getMonth(), 1).getTime() };
}

export type Row<T> = { heading: Heading } | { item: T };

export function grouped<T extends Dated>(items: T[], now = new Date()): Row<T>[] {
  const sorted = [...items].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_at - a.updated_at);
  const rows: Row<T>[] = [];
  let last = "";
  for (const item of sorted) {
    const heading = headingOf(item, now);
    const key = `${heading.kind}${heading.at}`;
    if (key !== last) rows.push({ heading });
    rows.push({ item });
    last = key;
  }
  return rows;
}
