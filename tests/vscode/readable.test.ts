// For people: what is drawn can be read in every theme that VS Code brings, and the keyboard is enough for all of it.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type ModelServer, paced } from './model_server.ts';
import { Gate, until } from './patience.ts';
import { halted, NEW, OLD, Scene, text } from './scene.ts';
import type { Workbench } from './workbench.ts';

let stage: Scene;
let model: ModelServer;
let bench: Workbench;

before(async () => {
  stage = await Scene.start();
  ({ model, bench } = stage);
});

afterEach(() => stage.clear());

after(() => stage?.stop());

/** For large text, and for what is beside the code. Code itself is the theme's choice, on a ground that we tint. */
const LEAST = 3;

const CODE = '# old\ndef total(items):\n    value = 0\n    return value\n\n';
const CHANGED = '# The sum of "all" items.\ndef total(items: list) -> int:\n    value = 12 + len("two")\n    return value\n\n';

async function check(what: string, besides: number): Promise<void> {
  const all = await until(`${what} is drawn`, async () => {
    const found = await bench.contrasts();
    if (found.filter((it) => it.isBeside).length >= besides) {
      return found;
    }
    throw new Error(JSON.stringify(found));
  });
  const poor = all.filter((it) => it.ratio < LEAST);
  assert.deepEqual(poor, [], what);
}

for (const theme of [
  'Default Dark Modern',
  'Default Light Modern',
  'Default High Contrast',
  'Default High Contrast Light',
]) {
  test(`all text can be read in ${theme}`, async () => {
    await bench.ask('setting', { key: 'workbench.colorTheme', value: theme });
    const gate = new Gate();
    const cut = CHANGED.indexOf('    return');
    model.answer = halted(CHANGED.slice(0, cut), gate, CHANGED.slice(cut));
    const name = await stage.open(text(CODE));
    await bench.instruct('say more');
    await until('it streams', async () => (await bench.text(name)).includes('The sum'));
    try {
      // The count of tokens at least; what went comes with it.
      await check(`${theme}, while it streams`, 1);
    } finally {
      gate.open();
    }
    const { hunks } = await bench.state(name, 'proposed');
    // The lenses come last.
    await bench.page.getByText('Accept the rewrite').first().waitFor();
    await check(`${theme}, while it waits`, hunks.length);
    await bench.putCursor(name, 2, 4);
    await bench.type('x');
    await until('the change is in conflict', async () => (await bench.beside()).some((it) => it.includes('your text')));
    await check(`${theme}, with a key typed in it`, hunks.length);
    await bench.key('Alt+Backspace');
    await bench.state(name, 'rejected');
    await bench.ask('setting', { key: 'workbench.colorTheme' });
  });
}

test('the keyboard alone opens, selects, asks, decides, undoes and saves', async () => {
  const name = stage.fresh('py');
  await bench.open(name, text(OLD));
  await bench.run('workbench.action.closeAllEditors');
  model.answer = () => paced(NEW, 6, 200);
  await bench.key('Control+p');
  await bench.page.locator('.quick-input-widget input[type=text]:focus').waitFor();
  await bench.type(name);
  const row = bench.page.locator('.quick-input-widget .monaco-list-row.focused');
  await until('the file is found', async () => (await row.innerText()).includes(name));
  await bench.key('Enter');
  await until('the file is in front', async () => (await bench.ask<string>('active'))?.endsWith(name));
  await bench.page.locator('.monaco-editor.focused').waitFor();
  await bench.key('ArrowDown', 'Home', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowDown');
  await bench.key('Shift+ArrowDown');
  await bench.instruct('change it');
  await bench.state(name, 'proposed');
  await until('the keys are for it', async () => (await bench.beside()).length === 3);
  const open = async (count: number) =>
    until(`${count} changes are open`, async () => {
      const [rewrite] = (await bench.rewrites(name)).reverse();
      return rewrite?.hunks.filter((it) => it.state === 'pending').length === count;
    });
  await bench.key('Control+Home', 'Alt+]');
  await bench.key('Alt+y');
  await open(2);
  await bench.key('Alt+n');
  await open(1);
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  const decided = text('one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n');
  await stage.textIs(name, decided);
  await bench.key('Control+s');
  await until('it is saved', () => bench.disk(name) === decided);
});
