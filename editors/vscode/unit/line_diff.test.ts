// The lines that are drawn as changed: applying them to the old text must give the new one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineDiff } from '../src/line_diff.ts';

function check(before: string, after: string, changes: number): void {
  const [a, b] = [before.split(' '), after.split(' ')];
  const found = lineDiff(a, b);
  const applied = found.reduceRight(
    (lines, it) => lines.toSpliced(it.oldStart, it.oldEnd - it.oldStart, ...b.slice(it.newStart, it.newEnd)),
    a,
  );
  assert.deepEqual(applied, b);
  assert.equal(found.length, changes, JSON.stringify(found));
}

test('equal texts have no change', () => check('a b c', 'a b c', 0));
test('a changed line is one change', () => check('a b c', 'a x c', 1));
test('lines between are kept', () => check('a b c d e', 'x b c y e', 2));
test('inserted and removed lines are told apart', () => check('a b c d', 'a n b d', 2));
test('everything may differ', () => check('a b', 'x y z', 1));
test('moved lines are found once', () => check('a b c d', 'd a b c', 2));

test('any two texts are led over', () => {
  let state = Number(process.env.SEED ?? 7);
  const next = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) % n;
  };
  const text = () => Array.from({ length: 1 + next(40) }, () => 'abcdef'[next(6)]).join(' ');
  for (let round = 0; round < 2000; round++) {
    const [a, b] = [text().split(' '), text().split(' ')];
    const applied = lineDiff(a, b).reduceRight(
      (lines, it) => lines.toSpliced(it.oldStart, it.oldEnd - it.oldStart, ...b.slice(it.newStart, it.newEnd)),
      a,
    );
    assert.deepEqual(applied, b, `${a} and ${b}`);
  }
});
