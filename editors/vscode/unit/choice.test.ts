// What is taken from a list that lags behind the keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosen, type Entry } from '../src/choice.ts';

const preset: Entry<string> = { choice: 'document' };
const before: Entry<string> = { choice: 'rename it' };
const words: Entry<string> = {};

function check(active: Entry<string> | undefined, shown: Entry<string>[], typed: string, wanted?: string): void {
  assert.equal(chosen(active, shown, typed), wanted);
}

test('an entry of the list is taken', () => check(before, [preset, before], '', 'rename it'));
test('an entry that the words led to is taken', () => check(preset, [words, preset], 'doc', 'document'));
test('the entry of the words means the words', () => check(words, [words, preset], 'doc'));
test('words sent before the list followed are meant', () => check({ ...preset }, [words, preset], 'rename it'));
test('words sent before there was a list are meant', () => check(undefined, [], 'rename it'));
test('nothing is nothing', () => check(undefined, [], ''));
