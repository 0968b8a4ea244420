// Where a range stands after a change of the text. Pure: no document, no editor.

/** A place in a document; `character` counts UTF-16 units, as VS Code does. */
export interface Place {
  line: number;
  character: number;
}

export interface Span {
  start: Place;
  end: Place;
}

/** A change as VS Code reports it: `range` in the text before it. */
export interface Change {
  range: Span;
  text: string;
}

export function compare(a: Place, b: Place): number {
  return a.line - b.line || a.character - b.character;
}

/**
 * The place after `change`. What stands inside a replaced range goes to the end of the new text where
 * `sticksToEnd`, else to its start; text inserted exactly at the place pushes it along where `sticksToEnd`.
 */
export function shiftPlace(place: Place, change: Change, sticksToEnd: boolean): Place {
  const { start, end } = change.range;
  const before = compare(place, start);
  if (before < 0 || (before === 0 && !sticksToEnd)) {
    return place;
  }
  const inserted = endOf(start, change.text);
  if (compare(place, end) < 0) {
    return sticksToEnd ? inserted : start;
  }
  return place.line === end.line
    ? { line: inserted.line, character: inserted.character + place.character - end.character }
    : { line: place.line + inserted.line - end.line, character: place.character };
}

/** The span after changes that VS Code reported together: all in coordinates of the text before, last one first. */
export function shiftSpan(span: Span, changes: readonly Change[]): Span {
  const ordered = [...changes].sort((a, b) => compare(b.range.start, a.range.start));
  return ordered.reduce<Span>((it, change) => {
    const start = shiftPlace(it.start, change, false);
    const end = shiftPlace(it.end, change, true);
    return compare(end, start) < 0 ? { start, end: start } : { start, end };
  }, span);
}

/** Where text ends that begins at `start`. */
export function endOf(start: Place, text: string): Place {
  const lines = text.split('\n');
  const last = lines[lines.length - 1] ?? '';
  return lines.length === 1
    ? { line: start.line, character: start.character + last.length }
    : { line: start.line + lines.length - 1, character: last.length };
}
