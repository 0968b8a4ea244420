// What a list that offers choices beside free text answers with. What it looks like is in ask.ts.

/** An entry of the list; the one that stands for what is typed has no choice of its own. */
export interface Entry<T> {
  choice?: T;
}

/**
 * The choice that was taken, or `undefined` for what is typed.
 *
 * The editor tells keys and the entry they led to apart, and the list may lag behind both: an entry that is not of
 * the list for the present words was not chosen by whoever wrote them.
 */
export function chosen<T>(
  active: Entry<T> | undefined,
  shown: readonly Entry<T>[],
  typed: string,
): T | undefined {
  return active && (typed === '' || shown.includes(active)) ? active.choice : undefined;
}
