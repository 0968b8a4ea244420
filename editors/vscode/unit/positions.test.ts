// Where ranges stand after changes: one fact each, a plain text as the judge.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, endOf, type Place, shiftSpan } from '../src/positions.ts';

function change(from: [number, number], to: [number, number], text: string): Change {
  const place = ([line, character]: [number, number]): Place => ({ line, character });
  return { range: { start: place(from), end: place(to) }, text };
}

function check(span: string, changes: Change[], wanted: string): void {
  const [a = 0, b = 0, c = 0, d = 0] = span.split(/[:-]/).map(Number);
  const { start, end } = shiftSpan({ start: { line: a, character: b }, end: { line: c, character: d } }, changes);
  assert.equal(`${start.line}:${start.character}-${end.line}:${end.character}`, wanted);
}

test('lines above move it', () => check('4:0-6:0', [change([1, 0], [1, 0], 'a\nb\n')], '6:0-8:0'));
test('lines taken above move it', () => check('4:0-6:0', [change([1, 0], [3, 0], '')], '2:0-4:0'));
test('text below leaves it', () => check('4:0-6:0', [change([6, 1], [6, 2], 'x')], '4:0-6:0'));
test('text inside stretches it', () => check('4:0-6:0', [change([5, 0], [5, 0], 'a\n')], '4:0-7:0'));
test('text at its start is in it', () => check('4:0-6:0', [change([4, 0], [4, 0], 'a\n')], '4:0-7:0'));
test('text at its end is in it', () => check('4:0-4:3', [change([4, 3], [4, 3], 'ab')], '4:0-4:5'));
test('text before it on its line moves it', () => check('4:5-4:8', [change([4, 1], [4, 2], 'abc')], '4:7-4:10'));
test('a joined line moves it', () => check('4:5-4:8', [change([3, 7], [4, 2], '')], '3:10-3:13'));
test('what covers it all leaves nothing', () => check('4:0-6:0', [change([3, 0], [7, 0], '')], '3:0-3:0'));
test('several changes count in the text before', () =>
  check('4:0-6:0', [change([1, 0], [1, 0], 'a\n'), change([5, 0], [5, 0], 'b\n')], '5:0-8:0'));
test('the end of text is after its last line', () => {
  assert.deepEqual(endOf({ line: 2, character: 3 }, 'ab'), { line: 2, character: 5 });
  assert.deepEqual(endOf({ line: 2, character: 3 }, 'ab\nc'), { line: 3, character: 1 });
});
