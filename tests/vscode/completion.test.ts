// Suggestions at the cursor in a real VS Code: shown as ghost text, taken word by word, line by line and whole.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ModelServer } from './model_server.ts';
import { until } from './patience.ts';
import { Scene } from './scene.ts';
import type { Workbench } from './workbench.ts';

let stage: Scene;
let model: ModelServer;
let bench: Workbench;

before(async () => {
  stage = await Scene.start({
    'redline.completion.languages': ['python'],
    'editor.inlineSuggest.enabled': true,
    // With it VS Code asks nobody by itself, also not extensions like ours.
    'chat.disableAIFeatures': false,
  });
  ({ model, bench } = stage);
});

after(() => stage?.stop());

const TEXT = 'def area(width):\n    return width\n\n\n\nprint(area(1))\n';

async function shown(): Promise<string> {
  const ghost = bench.page.locator('.monaco-editor .ghost-text, .monaco-editor .ghost-text-decoration');
  return (await ghost.allInnerTexts()).join('').replaceAll('\u00a0', ' ');
}

/** VS Code asks only who has said by then that it suggests, and does not ask again by itself. */
async function offered(): Promise<void> {
  await until('somebody suggests', async () => {
    await bench.run('editor.action.inlineSuggest.trigger');
    return (await shown()) !== '';
  });
  await bench.run('editor.action.inlineSuggest.hide');
  await until('nothing is suggested', async () => (await shown()) === '');
}

async function suggested(words: string): Promise<void> {
  await until(`${words} is suggested`, async () => (await shown()).includes(words));
}

test('a suggestion is taken by word, by line and whole', async () => {
  const name = stage.fresh('py');
  model.answer = () => ['(width):\n    half = width / 2\n    return half'];
  await bench.open(name, TEXT);
  await bench.putCursor(name, 3, 0);
  await offered();
  await bench.type('def half', 20);
  await suggested('(width):');
  const asked = model.requests.length;
  await bench.run('editor.action.inlineSuggest.acceptNextWord');
  await until('a word is there', async () => /def half\(\w*/.test(await bench.text(name)));
  await bench.run('editor.action.inlineSuggest.acceptNextLine');
  await until('the line is there', async () => (await bench.text(name)).includes('def half(width):\n'));
  await bench.run('editor.action.inlineSuggest.commit');
  const expected = TEXT.replace('\n\n\n', '\n\ndef half(width):\n    half = width / 2\n    return half\n');
  await until('all of it is there', async () => (await bench.text(name)) === expected);
  // While it was taken piece by piece, the answer was good.
  assert.ok(model.requests.length <= asked + 1, `${model.requests.length - asked} requests more`);
});

test('nothing is asked in a language that the settings do not name', async () => {
  const name = stage.fresh('js');
  await bench.open(name, 'function area(width) {\n}\n');
  await bench.putCursor(name, 0, 22);
  await bench.type('\nreturn width', 20);
  await until('it is typed', async () => (await bench.text(name)).includes('return width'));
  assert.ok(!model.requests.some((it) => it.input.includes(name)));
});
