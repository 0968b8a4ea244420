// Scenarios in a real VS Code: select, ask, see the text stream in, type meanwhile, decide, undo, save.
// All of them share one VS Code; each has a file of its own.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type ModelServer, paced, type Request } from './model_server.ts';
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

const scene = (content?: string, language?: string) => stage.open(content, language);
const textIs = (name: string, wanted: string) => stage.textIs(name, wanted);
const check = (name: string, wanted: string) => stage.check(name, wanted);

test('a rewrite streams in, is accepted, and one undo takes it back', async () => {
  const gate = new Gate();
  model.answer = halted('one = 11\ntwo = 2\nthree', gate, ' = 33\nfour = 4\nfive = 55\n');
  const name = await scene();
  await bench.instruct('change it');
  await until('the first line is there', async () => (await bench.text(name)).includes('one = 11\n'));
  assert.equal((await bench.state(name, 'streaming')).apply, 'live');
  gate.open();
  await bench.state(name, 'proposed');
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text(NEW));
  await bench.key('Control+z');
  await textIs(name, text(OLD));
  await bench.key('Control+y');
  await textIs(name, text(NEW));
});

test('a rewrite that waits is taken back by one undo, too', async () => {
  model.answer = () => paced(NEW, 4, 60);
  const name = await scene();
  await bench.instruct('change it');
  await bench.state(name, 'proposed');
  await bench.key('Control+z');
  await textIs(name, text(OLD));
});

test('a rejected rewrite leaves the file as it was, and undo brings the text again', async () => {
  model.answer = () => paced(NEW, 4, 120);
  const name = await scene();
  await bench.instruct('change it');
  await bench.state(name, 'proposed');
  assert.equal(await bench.text(name), text(NEW));
  await bench.key('Alt+Backspace');
  await bench.state(name, 'rejected');
  await textIs(name, text(OLD));
  await check(name, text(OLD));
  await bench.key('Control+z');
  await textIs(name, text(NEW));
  await bench.key('Control+z');
  await textIs(name, text(OLD));
});

test('in once mode the text comes in one edit at the end', async () => {
  await bench.ask('setting', { key: 'redline.apply', value: 'once' });
  const gate = new Gate();
  model.answer = halted('one = 11\ntwo = 2\nthr', gate, NEW.slice(20));
  const name = await scene();
  await bench.instruct('change it');
  assert.equal((await bench.state(name, 'streaming')).apply, 'once');
  assert.equal(await bench.text(name), text(OLD));
  await bench.ask('changes');
  gate.open();
  await bench.state(name, 'proposed');
  assert.equal((await bench.ask<number[]>('changes')).length, 1);
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text(NEW));
  await bench.key('Control+z');
  await textIs(name, text(OLD));
});

test('in preview mode a diff opens and the buffer waits for the accept', async () => {
  await bench.ask('setting', { key: 'redline.apply', value: 'preview' });
  model.answer = () => [NEW];
  const name = await scene();
  await bench.instruct('change it');
  await bench.state(name, 'proposed');
  const tabs = () => bench.ask<{ label: string; active: boolean }[]>('tabs');
  await until('the diff is shown', async () => (await tabs()).some((it) => it.active && it.label.includes('change it')));
  await until('both texts are drawn', async () => {
    const sides = await bench.page.locator('.monaco-diff-editor .view-line').allInnerTexts();
    const shown = sides.map((it) => it.replaceAll('\u00a0', ' '));
    if (shown.includes('one = 1') && shown.includes('one = 11')) {
      return true;
    }
    throw new Error(JSON.stringify(shown));
  });
  assert.equal(await bench.text(name), text(OLD));
  // Where the button is, the key is, too.
  await bench.page.locator('.editor-actions .action-label[aria-label*="Accept Rewrite"]').first().waitFor();
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await textIs(name, text(NEW));
  await until('the diff is closed', async () => !(await tabs()).some((it) => it.label.includes('change it')));
  await bench.focus();
  await check(name, text(NEW));
});

test('changes are decided one by one from the keyboard', async () => {
  model.answer = () => paced(NEW, 4, 120);
  const name = await scene();
  await bench.instruct('change it');
  const proposed = await bench.state(name, 'proposed');
  assert.equal(proposed.hunks.length, 3);
  await bench.putCursor(name, 0);
  const line = async () => (await bench.ask<{ active: { line: number } }>('selection', { path: bench.path(name) })).active.line;
  await bench.key('Alt+]');
  await until('the cursor is on the first change', async () => (await line()) === 1);
  await bench.key('Alt+y');
  await until('the cursor is on the second change', async () => (await line()) === 3);
  await bench.key('Alt+n');
  await until('the cursor is on the third change', async () => (await line()) === 5);
  await bench.key('Alt+[');
  await bench.key('Alt+y');
  await bench.state(name, 'accepted');
  await check(name, text('one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n'));
});

test('escape stops the stream, and what came in whole lines waits', async () => {
  const gate = new Gate();
  model.answer = halted('one = 11\ntwo = 2\nthree = 33\nfour = 4\nfi', gate, 've = 55\n');
  const name = await scene();
  await bench.instruct('change it');
  await until('the third line is there', async () => (await bench.text(name)).includes('three = 33\n'));
  await bench.key('Escape');
  await bench.state(name, 'interrupted', 'proposed');
  gate.open();
  await textIs(name, text('one = 11\ntwo = 2\nthree = 33\nfour = 4\nfive = 5\n'));
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text('one = 11\ntwo = 2\nthree = 33\nfour = 4\nfive = 5\n'));
});

test('another instruction in the middle of the stream begins anew', async () => {
  const gate = new Gate();
  const other = OLD.replace('two = 2', 'two = 22');
  model.answer = ({ input }) =>
    input.includes('otherwise') ? [other] : halted('one = 11\ntwo = 2\nthree', gate, ' = 33\n')({} as Request);
  const name = await scene();
  await bench.instruct('change it');
  await until('the first line is there', async () => (await bench.text(name)).includes('one = 11\n'));
  await bench.instruct('do it otherwise', 'Alt+Shift+i');
  await until('the second rewrite waits', async () => {
    const { state, rewrite } = await bench.state(name, 'proposed');
    return state === 'proposed' && rewrite > 1;
  });
  gate.open();
  await textIs(name, text(other));
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text(other));
});

test('text typed inside the region while it streams stays', async () => {
  const gate = new Gate();
  model.answer = halted('one = 11\ntwo = 2\nthree', gate, ' = 33\nfour = 4\nfive = 55\n');
  const name = await scene();
  await bench.instruct('change it');
  await until('the first line is there', async () => (await bench.text(name)).includes('one = 11\n'));
  await bench.putCursor(name, 4, 8);
  await bench.type('0  # mine');
  gate.open();
  await bench.state(name, 'proposed');
  await textIs(name, text(NEW.replace('four = 4', 'four = 40  # mine')));
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text(NEW.replace('four = 4', 'four = 40  # mine')));
});

test('text typed above while it streams stays', async () => {
  model.answer = () => paced(NEW, 1, 40);
  const name = await scene();
  await bench.instruct('change it');
  await until('the first line is there', async () => (await bench.text(name)).includes('one = 11\n'));
  await bench.putCursor(name, 0, 8);
  await bench.type(' typed while the model writes');
  await bench.state(name, 'proposed');
  await textIs(name, text(NEW).replace('# before', '# before typed while the model writes'));
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text(NEW).replace('# before', '# before typed while the model writes'));
});

test('typing and the rewrite around it are undone apart', async () => {
  const gate = new Gate();
  model.answer = halted('one = 11\ntwo = 2\nthree', gate, ' = 33\nfour = 4\nfive = 55\n');
  const name = await scene();
  await bench.instruct('change it');
  await until('the first line is there', async () => (await bench.text(name)).includes('one = 11\n'));
  await bench.putCursor(name, 0, 8);
  await bench.type(' mine');
  gate.open();
  await bench.state(name, 'proposed');
  await bench.type(' too');
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  const half = NEW.replace('33', '3').replace('55', '5');
  const steps = [text(NEW).replace('before', 'before mine'), text(half).replace('before', 'before mine'), text(half), text(OLD)];
  for (const step of steps) {
    await bench.key('Control+z');
    await textIs(name, step);
  }
});

test('two rewrites stream into one file at once', async () => {
  const second = 'six = 6\nseven = 7\neight = 8\n';
  const content = text(OLD) + second;
  const [a, b] = [new Gate(), new Gate()];
  model.answer = ({ input }) =>
    input.includes('the second')
      ? halted('six = 66\nseven = 7\neig', b, 'ht = 88\n')({} as Request)
      : halted('one = 11\ntwo = 2\nthr', a, NEW.slice(20))({} as Request);
  const name = await scene(content);
  await bench.instruct('change it');
  await until('the first one streams', async () => (await bench.text(name)).includes('one = 11\n'));
  await bench.selectLines(name, 7, 10);
  await bench.instruct('change the second');
  await until('both run', async () => (await bench.rewrites(name)).length === 2);
  a.open();
  await until('the second one streams', async () => (await bench.text(name)).includes('six = 66\n'));
  b.open();
  await until('both wait', async () => {
    const active = (await bench.rewrites(name)).filter((it) => it.state === 'proposed');
    return active.length === 2;
  });
  await textIs(name, `${text(NEW)}six = 66\nseven = 7\neight = 88\n`);
  await bench.putCursor(name, 8);
  await bench.key('Alt+Backspace');
  await textIs(name, text(NEW) + second);
  await bench.putCursor(name, 2);
  await bench.key('Alt+Enter');
  await until('both are over', async () => (await bench.rewrites(name)).every((it) => it.timings.decided !== undefined));
  await check(name, text(NEW) + second);
});

test('a rewrite goes on while another file is in front', async () => {
  const gate = new Gate();
  model.answer = halted('one = 11\ntwo = 2\nthr', gate, NEW.slice(20));
  const name = await scene();
  await bench.instruct('change it');
  await until('the first line is there', async () => (await bench.text(name)).includes('one = 11\n'));
  await bench.open('other.txt', 'other\n');
  gate.open();
  await bench.state(name, 'proposed');
  await textIs(name, text(NEW));
  await bench.ask('open', { path: bench.path(name) });
  await bench.focus();
  await bench.putCursor(name, 1);
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, text(NEW));
});

test('the language of the file works beside', async () => {
  const content = '// before\nconst one = 1;\nconst two = 2;\nconst three = 3;\nconst four = 4;\nconst five = 5;\n// after\n';
  const changed = "const one = 1;\nconst two = 'two';\nconst three = 3;\nconst four = 4;\nconst five = [5];\n";
  model.answer = () => paced(changed, 3, 120);
  const name = await scene(content, 'ts');
  const hover = (line: number) =>
    bench.ask<string[]>('hover', { path: bench.path(name), position: { line, character: 7 } });
  await until('TypeScript answers', async () => (await hover(2)).some((it) => it.includes('const two: 2')));
  await bench.instruct('change it');
  await bench.state(name, 'proposed');
  await until('TypeScript has seen the change', async () =>
    (await hover(5)).some((it) => it.includes('const five: number[]')),
  );
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, `// before\n${changed}// after\n`);
});

test('a file with Windows line ends and wide characters stays what it is', async () => {
  const crlf = (it: string) => it.replaceAll('\n', '\r\n');
  const old = OLD.replace('two = 2', 'two = "😀 zwei"');
  const changed = NEW.replace('two = 2', 'two = "😀😀 zwei"');
  model.answer = () => paced(changed, 3, 120);
  const name = await scene(crlf(text(old)));
  await bench.instruct('change it');
  await bench.state(name, 'proposed');
  await bench.key('Alt+Enter');
  await bench.state(name, 'accepted');
  await check(name, crlf(text(changed)));
  await bench.key('Control+z');
  await textIs(name, crlf(text(old)));
});

test('what is put into a file of one line gets the line ends that the editor gives it', async () => {
  await bench.ask('setting', { key: 'files.eol', value: '\r\n' });
  const old = 'const one = 1;';
  const changed = 'const one = 1;\nconst two = 2;\nconst three = 3;';
  model.answer = () => paced(changed, 3, 120);
  const name = stage.fresh('ts');
  await bench.open(name, old);
  await bench.ask('select', {
    path: bench.path(name),
    start: { line: 0, character: 0 },
    end: { line: 0, character: old.length },
  });
  await bench.instruct('add two more');
  await bench.state(name, 'proposed');
  await textIs(name, changed.replaceAll('\n', '\r\n'));
  await bench.key('Alt+Backspace');
  await bench.state(name, 'rejected');
  await textIs(name, old);
  await bench.ask('setting', { key: 'files.eol' });
});

test('the cursor and what is on the screen stay where they are', async () => {
  const lines = Array.from({ length: 400 }, (_, line) => `line_${line} = ${line}`);
  const content = `${lines.join('\n')}\n`;
  const grown = `${lines.slice(10, 15).map((it) => `${it}\nmore_${it}`).join('\n')}\n`;
  const gate = new Gate();
  model.answer = async function* () {
    await gate.passed;
    yield* paced(grown, 8, 120);
  };
  const name = stage.fresh('py');
  await bench.open(name, content);
  await bench.selectLines(name, 10, 15);
  await bench.instruct('grow it');
  // Someone reads far below, with the cursor there.
  await bench.putCursor(name, 300, 4);
  const line = bench.page.locator('.view-line', { hasText: 'line_300' });
  const height = async () => (await line.boundingBox())?.y;
  await line.waitFor();
  await bench.state(name, 'streaming', 'requested');
  const before = await height();
  gate.open();
  await bench.state(name, 'proposed');
  const { active } = await bench.ask<{ active: { line: number; character: number } }>('selection', {
    path: bench.path(name),
  });
  assert.deepEqual(active, { line: 305, character: 4 });
  await until('the text is where it was', async () => {
    const now = await height();
    // VS Code's own lenses take their place above; they may move it by less than a line.
    if (Math.abs((now ?? 0) - (before ?? 0)) < 18) {
      return true;
    }
    throw new Error(`it was at ${before} and is at ${now}`);
  });
  await bench.key('Alt+Backspace');
  await bench.state(name, 'rejected');
  await check(name, content);
});

test('whoever scrolls away from the cursor is left there', async () => {
  const lines = Array.from({ length: 400 }, (_, line) => `line_${line} = ${line}`);
  const changed = `${lines.slice(10, 15).join('0\nmore = 1\n')}\n`;
  const gate = new Gate();
  model.answer = async function* () {
    await gate.passed;
    yield* paced(changed, 8, 120);
  };
  const name = stage.fresh('py');
  await bench.open(name, `${lines.join('\n')}\n`);
  await bench.selectLines(name, 10, 15);
  await bench.instruct('grow it');
  await bench.ask('reveal', { path: bench.path(name), line: 200 });
  await bench.page.locator('.view-line', { hasText: 'line_205' }).waitFor();
  gate.open();
  await bench.state(name, 'proposed');
  await until('the text is still on the screen', () => bench.page.locator('.view-line', { hasText: 'line_205' }).isVisible());
  const { active } = await bench.ask<{ active: { line: number } }>('selection', { path: bench.path(name) });
  assert.equal(active.line, 19);
});
