// A VS Code with a model server, and small files with a region to rewrite: what most scenarios begin with.

import assert from 'node:assert/strict';
import { type Answer, ModelServer, type Request } from './model_server.ts';
import { type Gate, until } from './patience.ts';
import { Workbench } from './workbench.ts';

/** What the region holds, and what the model makes of it: three lines of five are changed. */
export const OLD = 'one = 1\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\n';
export const NEW = 'one = 11\ntwo = 2\nthree = 33\nfour = 4\nfive = 55\n';

/** The whole file with this region, which begins in line 1. */
export function text(region: string): string {
  return `# before\n${region}# after\n`;
}

/** Answers with `first`, waits at the gate, goes on with `rest`. */
export function halted(first: string, gate: Gate, rest: string): (request: Request) => Answer {
  return async function* () {
    yield* first.match(/[^]{1,7}/g) ?? [];
    await gate.passed;
    yield* rest.match(/[^]{1,7}/g) ?? [];
  };
}

export class Scene {
  readonly model: ModelServer;
  readonly bench: Workbench;
  private files = 0;

  private constructor(model: ModelServer, bench: Workbench) {
    this.model = model;
    this.bench = bench;
  }

  static async start(settings: Record<string, unknown> = {}): Promise<Scene> {
    const model = await ModelServer.start();
    try {
      const models = { fast: { url: model.url, model: 'test-model' } };
      return new Scene(model, await Workbench.start({ settings: { 'redline.models': models, ...settings } }));
    } catch (error) {
      model.stop();
      throw error;
    }
  }

  /** Ends all of it; what was said of us in the developer console fails the tests. */
  async stop(): Promise<void> {
    await this.bench.stop();
    this.model.stop();
    const ours = this.bench.errors.filter((it) => /redline/i.test(it));
    assert.deepEqual(ours, [], 'in the developer console');
  }

  /** Leaves nothing of one test to the next. */
  async clear(): Promise<void> {
    await this.bench.ask('setting', { key: 'redline.apply' });
    await this.bench.run('workbench.action.files.saveAll');
    await this.bench.run('workbench.action.closeAllEditors');
  }

  /** A name that no file has yet. */
  fresh(language: string): string {
    return `scene${++this.files}.${language}`;
  }

  /** A new file, open, with its region selected. */
  async open(content = text(OLD), language = 'py'): Promise<string> {
    const name = this.fresh(language);
    await this.bench.open(name, content);
    await this.bench.selectLines(name, 1, 6);
    return name;
  }

  async textIs(name: string, wanted: string): Promise<void> {
    await until('the text is right', async () => {
      const shown = await this.bench.text(name);
      if (shown === wanted) {
        return true;
      }
      throw new Error(`it is\n${shown}\nand should be\n${wanted}`);
    });
  }

  /** Buffer, what other extensions saw, and once saved the disk are exactly this. */
  async check(name: string, wanted: string): Promise<void> {
    assert.equal(await this.bench.text(name), wanted);
    assert.equal(await this.bench.ask('mirror', { path: this.bench.path(name) }), wanted);
    await this.bench.save(name);
    assert.equal(this.bench.disk(name), wanted);
  }
}
