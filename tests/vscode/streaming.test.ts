// A fast model in a large file while someone types: nothing is lost. How smooth it looks is in `pacing.test.ts`.
// REDLINE_SOAK=N raises the number of random rewrites, SEED repeats them.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { type ModelServer, paced } from './model_server.ts';
import { until } from './patience.ts';
import { Scene } from './scene.ts';
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

const LINES = Array.from({ length: 2000 }, (_, line) => `value_${line} = compute(${line}, scale=${line % 7})`);

/** Every third line changed, and some new ones. */
function rewritten(from: number, to: number): string[] {
  return LINES.slice(from, to).flatMap((line, index) => {
    if (index % 3 !== 0) {
      return [line];
    }
    const changed = line.replace('compute', 'evaluate');
    return index % 12 === 0 ? [`# step ${index}`, changed] : [changed];
  });
}

for (const [perSecond, size] of [
  [240, 8],
  [1000, 4],
] as const) {
  test(`${perSecond} deltas a second in a file of 2,000 lines, typing below`, async () => {
    const [from, to] = [500, 1100];
    const changed = rewritten(from, to);
    const name = stage.fresh('py');
    await bench.open(name, `${LINES.join('\n')}\n`);
    await bench.selectLines(name, from, to);
    model.answer = () => paced(`${changed.join('\n')}\n`, size, perSecond);
    await bench.instruct('evaluate');
    await until('it streams', async () => (await bench.text(name)).includes('evaluate(500'));
    await bench.putCursor(name, 1110);
    let typed = '';
    while ((await bench.rewrites(name)).some((it) => it.state === 'streaming')) {
      const word = `k${typed.length} `;
      await bench.type(word, 80);
      typed += word;
    }
    await bench.state(name, 'proposed');
    const after = LINES.slice(to).join('\n');
    // The cursor went along with its line; wherever it stood, the word stands there in one piece.
    await until('all keys are there', async () => (await bench.text(name)).includes(typed));
    const shown = (await bench.text(name)).replace(typed, '');
    assert.equal(shown, `${[...LINES.slice(0, from), ...changed].join('\n')}\n${after}\n`);
    assert.notEqual(typed, '', 'nothing was typed while it streamed');
    await bench.key('Alt+Backspace');
    await bench.state(name, 'rejected');
    const old = `${LINES.join('\n')}\n`;
    await until('only the keys are left', async () => (await bench.text(name)).replace(typed, '') === old);
  });
}

/** Numbers in [0, 1), the same for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('random rewrites with typing meanwhile', { timeout: 3_600_000 }, async () => {
  const seed = Number(process.env.SEED ?? 1);
  const next = random(seed);
  const below = (n: number) => Math.floor(next() * n);
  const rounds = Number(process.env.REDLINE_SOAK ?? 4);
  for (let round = 0; round < rounds; round++) {
    const what = `round ${round} of seed ${seed}`;
    const old = Array.from({ length: 20 + below(60) }, (_, line) => `item_${line} = load(${line})`);
    const [from, to] = [6 + below(4), old.length - 4 - below(4)];
    const changed = old.slice(from, to).flatMap((line) => {
      const dice = below(10);
      if (dice === 0) {
        return [];
      }
      return dice === 1 ? [line, `${line.replace('load', 'check')}  # new`] : [dice < 5 ? line.replace('load', 'read') : line];
    });
    const name = stage.fresh('py');
    await bench.open(name, `${old.join('\n')}\n`);
    await bench.selectLines(name, from, to);
    const gone = bench.errors.length;
    model.answer = () => paced(`${changed.join('\n')}\n`, 1 + below(12), 60 + below(400));
    await bench.instruct('read it');
    await bench.state(name, 'streaming', 'proposed');
    // In the first lines, or below the region, or in its own first line, whatever stands there by then.
    const places = [0, 1, old.length - 2, from];
    const place = places[below(places.length)] ?? 0;
    const character = (old[place] ?? '').length;
    await bench.putCursor(name, place, character);
    let typed = '';
    for (let word = 0; word < 3 + below(5); word++) {
      const piece = `_${word}${'abcdef'[below(6)]}`;
      await bench.type(piece);
      typed += piece;
    }
    const { rewrite } = await bench.state(name, 'proposed', 'interrupted');
    await until(`every key is there in ${what}`, async () => {
      if ((await bench.text(name)).includes(typed)) {
        return true;
      }
      throw new Error(`${typed} at line ${place} is not in\n${await bench.text(name)}`);
    });
    if (place !== from) {
      const shown = (await bench.text(name)).replace(typed, '');
      assert.equal(shown, `${[...old.slice(0, from), ...changed, ...old.slice(to)].join('\n')}\n`, what);
    }
    if (below(2) === 0) {
      await bench.run('redline.accept', { rewrite });
      await bench.state(name, 'accepted');
      const accepted = await bench.text(name);
      for (let steps = 0; (await bench.text(name)) !== `${old.join('\n')}\n`; steps++) {
        assert.ok(steps < 60, `undo does not lead back in ${what}:\n${await bench.text(name)}`);
        const before = await bench.text(name);
        await bench.focus();
        await bench.key('Control+z');
        await until(`a step is undone in ${what}`, async () => (await bench.text(name)) !== before);
      }
      for (let steps = 0; (await bench.text(name)) !== accepted; steps++) {
        assert.ok(steps < 60, `redo does not lead there in ${what}`);
        const before = await bench.text(name);
        await bench.key('Control+y');
        await until(`a step is redone in ${what}`, async () => (await bench.text(name)) !== before);
      }
    } else {
      await bench.run('redline.reject', { rewrite });
      await bench.state(name, 'rejected');
      await until(`only the keys are left in ${what}`, async () => {
        const left = await bench.text(name);
        return left.includes(typed) && left.replace(typed, '') === `${old.join('\n')}\n`;
      });
    }
    assert.deepEqual(bench.errors.slice(gone).filter((it) => /redline/i.test(it)), [], what);
    await stage.clear();
  }
});
