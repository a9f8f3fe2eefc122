/** What an error of a load carries beside its words: the last lines of the log, and what would fit. */

import type { Failure, Loading } from "./api/types";

export interface Offered {
  text: string;
  loading: Loading;
}

export const logOf = (error: Failure | null): string[] => {
  const lines = error?.facts?.log;
  return Array.isArray(lines) ? lines.map(String) : [];
};

/** Other ways to load the same model; other models are in the words. */
export const offersOf = (error: Failure | null): Offered[] => {
  const offers = error?.facts?.would_fit;
  if (!Array.isArray(offers)) return [];
  return offers.filter((offer): offer is Offered & { model: string } => Boolean(offer?.loading) && !offer.model);
};
