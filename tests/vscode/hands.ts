// The hands of a person before VS Code, for the traces: does what is asked on stdin, a line of JSON each, and says
// when it is done. The server that VS Code starts is the program that the first argument names.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from './patience.ts';
import { Workbench } from './workbench.ts';

type Asked = {
  open?: string;
  name?: string;
  type?: [number, number, string];
  break?: [number, number];
  paste?: [number, string];
  delete?: number;
  undo?: true;
  redo?: true;
  format?: string;
  save?: true;
  reopen?: true;
  text?: true;
  run?: string;
  stop?: true;
};

const bench = await Workbench.start({ settings: { 'redline.path': process.argv[2] } });
let name = '';

const version = () => bench.ask<number | undefined>('version', { path: bench.path(name) });

/** Does it, and waits until the extensions have seen the file's version move so often. */
async function changes(times: number, what: () => Promise<unknown>): Promise<void> {
  const before = await version();
  await what();
  await until('VS Code has taken the keys', async () => ((await version()) ?? 0) >= (before ?? 0) + times);
}

/** Brings the file up, with the keyboard in it. */
async function show(): Promise<void> {
  await bench.ask('show', { path: bench.path(name) });
  await until('it is open', async () => (await version()) !== undefined);
  await bench.focus();
}

/** Puts the cursor behind so many characters of the line. */
async function putCursor(line: number, characters: number): Promise<void> {
  const row = (await bench.text(name)).split(/\r?\n/)[line] ?? '';
  const units = [...row].slice(0, characters).join('').length;
  await bench.putCursor(name, line, units);
}

async function perform(asked: Asked): Promise<unknown> {
  if (asked.open !== undefined && asked.name !== undefined) {
    name = asked.name;
    writeFileSync(bench.path(name), asked.open);
    await show();
  } else if (asked.type) {
    const [line, character, text] = asked.type;
    await putCursor(line, character);
    await changes(text.length, () => bench.type(text));
  } else if (asked.break) {
    await putCursor(...asked.break);
    await changes(1, () => bench.key('Enter'));
  } else if (asked.paste) {
    const [line, text] = asked.paste;
    await putCursor(line, 0);
    await changes(1, () => bench.run('paste', { text }));
  } else if (asked.delete !== undefined) {
    await putCursor(asked.delete, 0);
    await changes(1, () => bench.key('Control+Shift+K'));
  } else if (asked.undo) {
    await changes(1, () => bench.key('Control+z'));
  } else if (asked.redo) {
    await changes(1, () => bench.key('Control+Shift+z'));
  } else if (asked.format !== undefined) {
    await bench.run('editor.action.formatDocument');
  } else if (asked.save) {
    await bench.save(name);
  } else if (asked.reopen) {
    await bench.save(name);
    await bench.run('workbench.action.closeActiveEditor');
    await until('it is closed', async () => (await version()) === undefined);
    await show();
  } else if (asked.text) {
    return bench.text(name);
  } else if (asked.run !== undefined) {
    await bench.run(asked.run);
  }
  return null;
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked;
  if (asked.stop) {
    break;
  }
  const answer = await perform(asked).then(
    (value) => ({ done: true, value: value ?? null }),
    (error) => ({ done: false, error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await bench.stop();
if (process.stdout.writableNeedDrain) {
  await once(process.stdout, 'drain');
}
process.exit(0);
