/** localStorage that may be full, blocked or absent: then nothing is remembered, and nothing breaks. */

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`serai.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null || value === "") localStorage.removeItem(`serai.${key}`);
    else localStorage.setItem(`serai.${key}`, value);
  } catch {
    // Remembering is a courtesy.
  }
}
