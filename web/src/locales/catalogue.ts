/** What a catalogue must hold, derived from the English one: every key, and for each the parameters its text names. */

import type en from "./en";

export type Plural = { zero?: string; one?: string; two?: string; few?: string; many?: string; other: string };
export type Key = keyof typeof en;
export type Catalogue = Record<Key, string | Plural>;

type Names<S> = S extends `${string}{${infer P}}${infer Rest}` ? P | Names<Rest> : never;
type NamesOf<E> = E extends string ? Names<E> : E extends { other: infer S } ? Names<S> : never;

/** No argument for a text without parameters, else an object with each of them. */
export type Params<K extends Key> = [NamesOf<(typeof en)[K]>] extends [never]
  ? [undefined?]
  : [Record<NamesOf<(typeof en)[K]>, string | number>];
