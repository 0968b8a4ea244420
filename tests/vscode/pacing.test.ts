// How smoothly text streams, and how quick the keys stay, beside what this VS Code can do at all on this machine: an
// extension that does nothing but edit lines, one edit after the other. REDLINE_MEASURE=1 takes more rounds and
// prints the figures; without it this is one more stream with typing, byte for byte.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { paced } from './model_server.ts';
import { Gate, until } from './patience.ts';
import { Scene } from './scene.ts';

let stage: Scene;

before(async () => {
  stage = await Scene.start();
  // The whole region is on the screen.
  await stage.bench.page.setViewportSize({ width: 1000, height: 1100 });
});

after(() => stage?.stop());

const MEASURE = process.env.REDLINE_MEASURE === '1';
const LINES = Array.from(
  { length: 2000 },
  (_, line) => `value_${line} = compute(${line}, scale=${line % 7}, name="the value of line ${line}", kind="plain")`,
);
const [FROM, TO] = [1000, 1045];
const CHANGED = LINES.slice(FROM, TO).map((line, index) =>
  index % 3 === 0 ? `# step ${index}: ${line.replace('compute', 'evaluate')}` : line.replace('plain', 'other thing'),
);

interface Seen {
  /** Frames that the browser drew, and those in which the text looked different from the one before. */
  frames: number;
  updates: number;
  /** From key to paint, in milliseconds; quicker ones than 16 ms are not told. */
  keys: number[];
  seconds: number;
}

/** Watches the screen until it is asked. The line in which keys are typed, known by `mark`, does not count. */
async function watch(mark: string): Promise<() => Promise<Seen>> {
  const { page } = stage.bench;
  await page.evaluate((mark) => {
    const seen = { frames: 0, updates: 0, dirty: false, keys: [] as number[], started: performance.now(), over: false };
    const lines = document.querySelector('.monaco-editor .view-lines') as Element;
    const mutations = new MutationObserver((records) => {
      seen.dirty ||= records.some(({ target }) => {
        const element = target instanceof Element ? target : target.parentElement;
        return !element?.closest('.view-line')?.textContent?.includes(mark);
      });
    });
    mutations.observe(lines, { subtree: true, childList: true, characterData: true, attributes: true });
    const frame = () => {
      seen.frames++;
      seen.updates += seen.dirty ? 1 : 0;
      seen.dirty = false;
      if (!seen.over) {
        requestAnimationFrame(frame);
      }
    };
    requestAnimationFrame(frame);
    const events = new PerformanceObserver((list) => {
      seen.keys.push(...list.getEntries().filter((it) => it.name === 'keydown').map((it) => it.duration));
    });
    events.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
    const end = () => {
      seen.over = true;
      mutations.disconnect();
      events.disconnect();
      return { ...seen, seconds: (performance.now() - seen.started) / 1000 };
    };
    Object.assign(window, { endOfWatch: end });
  }, mark);
  return () => page.evaluate(() => (window as unknown as { endOfWatch: () => Seen }).endOfWatch());
}

interface Figures {
  seen: Seen[];
  edits: number[];
  typed: number;
}

function sum(figures: Figures, of: (seen: Seen) => number): number {
  return figures.seen.reduce((all, it) => all + of(it), 0);
}

function told(what: string, figures: Figures): string {
  const seconds = sum(figures, (it) => it.seconds);
  const slow = figures.seen.flatMap((it) => it.keys);
  const keys = [...Array(Math.max(figures.typed - slow.length, 0)).fill(16), ...slow].sort((a, b) => a - b);
  const at = (q: number) => keys[Math.min(Math.floor(keys.length * q), keys.length - 1)];
  const rate = (of: (seen: Seen) => number) => (sum(figures, of) / seconds).toFixed(0);
  const edits = figures.edits.reduce((all, it) => all + it, 0) / figures.edits.length;
  return (
    `${what}: ${rate((it) => it.updates)} updates of ${rate((it) => it.frames)} frames a second, ` +
    `${edits.toFixed(0)} edits a second` +
    (keys.length > 0 ? `, ${keys.length} keys, key to paint p50 <= ${at(0.5)} ms, p99 ${at(0.99)} ms` : '')
  );
}

/** The keys alone: nothing else changes the text. */
async function keysAlone(name: string, into: Figures): Promise<void> {
  const { bench } = stage;
  await bench.putCursor(name, TO + 2);
  await bench.ask('reveal', { path: bench.path(name), line: FROM - 3 });
  const seen = await watch('k0');
  const words = 'k0 k1 k2 k3 k4 ';
  await bench.type(words, 80);
  into.seen.push(await seen());
  into.edits.push(0);
  into.typed += words.length;
  await bench.run('workbench.action.files.revert');
}

async function control(name: string, isTyping: boolean, into: Figures): Promise<void> {
  const { bench } = stage;
  await bench.putCursor(name, TO + 2);
  await bench.ask('reveal', { path: bench.path(name), line: FROM - 3 });
  const seen = await watch('k0');
  const words = 'k0 k1 k2 k3 k4 ';
  const typing = isTyping ? bench.type(words, 80) : undefined;
  const wanted = { path: bench.path(name), line: FROM, count: 5, frame: 16, milliseconds: 1200 };
  const { done, seconds } = await bench.ask<{ done: number; seconds: number }>('edits', wanted);
  into.seen.push(await seen());
  into.edits.push(done / seconds);
  into.typed += isTyping ? words.length : 0;
  await typing;
  await bench.run('workbench.action.files.revert');
}

async function stream(name: string, isTyping: boolean, into: Figures): Promise<void> {
  const { bench, model } = stage;
  const answer = `${CHANGED.join('\n')}\n`;
  const gate = new Gate();
  model.answer = async function* () {
    yield answer.slice(0, 600);
    await gate.passed;
    yield* paced(answer.slice(600), 4, 1000);
  };
  await bench.ask('reveal', { path: bench.path(name), line: FROM - 3 });
  await bench.selectLines(name, FROM, TO);
  await bench.instruct('evaluate');
  await until('it streams', async () => (await bench.text(name)).includes('# step 0'));
  await bench.putCursor(name, TO + 2);
  await bench.ask('reveal', { path: bench.path(name), line: FROM - 3 });
  await bench.ask('changes');
  const seen = await watch('k0');
  gate.open();
  let over = false;
  const proposed = bench.state(name, 'proposed').then((rewrite) => {
    over = true;
    return rewrite;
  });
  let typed = '';
  while (isTyping && !over) {
    const word = `k${typed.length} `;
    await bench.type(word, 80);
    typed += word;
  }
  await proposed;
  const watched = await seen();
  into.seen.push(watched);
  into.edits.push(((await bench.ask<number[]>('changes')).length - typed.length) / watched.seconds);
  into.typed += typed.length;
  await until('all keys are there', async () => (await bench.text(name)).includes(typed));
  const shown = (await bench.text(name)).replace(typed, '');
  assert.equal(shown, `${[...LINES.slice(0, FROM), ...CHANGED, ...LINES.slice(TO)].join('\n')}\n`);
  await bench.key('Alt+Backspace');
  await bench.state(name, 'rejected');
  const old = `${LINES.join('\n')}\n`;
  await until('only the keys are left', async () => (await bench.text(name)).replace(typed, '') === old);
  await bench.run('workbench.action.files.revert');
}

test('1,000 deltas a second on the screen of a file of 2,000 lines', async () => {
  const name = stage.fresh('py');
  await stage.bench.open(name, `${LINES.join('\n')}\n`);
  const none = (): Figures => ({ seen: [], edits: [], typed: 0 });
  const [alone, bare, bareTyping, ours, oursTyping] = [none(), none(), none(), none(), none()] as const;
  // The first round is VS Code's own warming up.
  for (let round = 0; round < (MEASURE ? 9 : 1); round++) {
    const warm = round > 0 || !MEASURE;
    await keysAlone(name, warm ? alone : none());
    await control(name, false, warm ? bare : none());
    await stream(name, false, warm ? ours : none());
    await control(name, true, warm ? bareTyping : none());
    await stream(name, true, warm ? oursTyping : none());
  }
  if (MEASURE) {
    console.log(`load ${readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ')}`);
    console.log(told('typing alone', alone));
    console.log(told('an extension that only edits', bare));
    console.log(told('a stream', ours));
    console.log(told('an extension that only edits, and typing', bareTyping));
    console.log(told('a stream, and typing', oursTyping));
  }
});
