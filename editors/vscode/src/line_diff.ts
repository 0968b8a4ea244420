// The changed lines between two texts, for drawing while a rewrite streams and the server has no hunks yet.
// The hunks that a person decides on always come from the server.

/** Lines `[oldStart, oldEnd)` became `[newStart, newEnd)`. */
export interface LineChange {
  oldStart: number;
  oldEnd: number;
  newStart: number;
  newEnd: number;
}

/** Beyond that many differing lines what differs is shown as one block, so that a frame stays cheap. */
const MOST_DIFFERENCES = 400;

/** The changes in order; near minimal, and O((n + m) · differences) at worst. */
export function lineDiff(before: readonly string[], after: readonly string[]): LineChange[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) {
    start++;
  }
  let oldEnd = before.length;
  let newEnd = after.length;
  while (oldEnd > start && newEnd > start && before[oldEnd - 1] === after[newEnd - 1]) {
    oldEnd--;
    newEnd--;
  }
  if (oldEnd === start && newEnd === start) {
    return [];
  }
  const common = commonLines(before.slice(start, oldEnd), after.slice(start, newEnd));
  const changes: LineChange[] = [];
  let [i, j] = [start, start];
  for (const [a, b] of [...(common ?? []), [oldEnd - start, newEnd - start] as const]) {
    const [x, y] = [a + start, b + start];
    if (x > i || y > j) {
      changes.push({ oldStart: i, oldEnd: x, newStart: j, newEnd: y });
    }
    [i, j] = [x + 1, y + 1];
  }
  return changes;
}

/** Pairs of equal lines in order (Myers' greedy search), or nothing where too much differs. */
function commonLines(a: readonly string[], b: readonly string[]): [number, number][] | undefined {
  const most = Math.min(a.length + b.length, MOST_DIFFERENCES);
  const trace: Int32Array[] = [];
  const reach = new Int32Array(2 * most + 3);
  const at = (k: number) => k + most + 1;
  for (let d = 0; d <= most; d++) {
    trace.push(reach.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach[at(k - 1)] ?? 0) < (reach[at(k + 1)] ?? 0));
      let x = down ? (reach[at(k + 1)] ?? 0) : (reach[at(k - 1)] ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) {
        x++;
      }
      reach[at(k)] = x;
      if (x >= a.length && x - k >= b.length) {
        return backtrack(trace, a.length, b.length, at);
      }
    }
  }
  return undefined;
}

function backtrack(
  trace: readonly Int32Array[],
  x: number,
  y: number,
  at: (k: number) => number,
): [number, number][] {
  const pairs: [number, number][] = [];
  for (let d = trace.length - 1; d >= 0; d--) {
    const reach = trace[d] as Int32Array;
    const k = x - y;
    const down = k === -d || (k !== d && (reach[at(k - 1)] ?? 0) < (reach[at(k + 1)] ?? 0));
    const before = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (reach[at(before)] ?? 0);
    const fromY = d === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) {
      x--;
      y--;
      pairs.push([x, y]);
    }
    [x, y] = [fromX, fromY];
  }
  return pairs.reverse();
}
