// The extension as a user installs it: the VSIX with the server in it, first with nothing set up, then with a model.
// On the way the pictures of the documentation are taken; with REDLINE_PICTURES=1 they are written to docs/pictures.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ModelServer } from './model_server.ts';
import { Gate, until } from './patience.ts';
import { Workbench } from './workbench.ts';

const OLD = `def total(orders, currency):
    sum = 0
    for o in orders:
        if o.currency == currency:
            sum = sum + o.amount * o.count
        else:
            rate = get_rate(o.currency, currency)
            sum = sum + o.amount * o.count * rate
    print("total is", sum)
    return sum
`;

const NEW = `def total(orders: list[Order], currency: str) -> Decimal:
    """The value of all orders in one currency."""
    total = Decimal(0)
    for order in orders:
        rate = Decimal(1)
        if order.currency != currency:
            rate = get_rate(order.currency, currency)
        total += order.amount * order.count * rate
    return total
`;

const AROUND = `from decimal import Decimal
from shop.rates import get_rate


`;

const TAIL = `

def report(orders):
    for currency in ("EUR", "USD"):
        print(currency, total(orders, currency))
`;

const EXTENSION = path.join(import.meta.dirname, '..', '..', 'editors', 'vscode');

const KEPT = process.env.REDLINE_PICTURES === '1';
const FOLDER =
  KEPT
    ? path.join(import.meta.dirname, '..', '..', 'docs', 'pictures')
    : mkdtempSync(path.join(tmpdir(), 'redline-pictures-'));

let bench: Workbench;

before(async () => {
  const vsix = path.join(mkdtempSync(path.join(tmpdir(), 'redline-vsix-')), 'redline.vsix');
  execFileSync(process.execPath, ['scripts/package.mjs', '--out', vsix], { cwd: EXTENSION, stdio: 'pipe' });
  bench = await Workbench.start({
    vsix,
    settings: { 'redline.path': '', 'editor.fontSize': 13, 'editor.renderWhitespace': 'none' },
    folderSettings: {
      'redline.models': { fast: { url: 'ws://127.0.0.1:9/v1/responses', model: 'of-the-folder' } },
      'redline.path': '/bin/false',
      'redline.privacy.mask': false,
    },
  });
  rmSync(path.dirname(vsix), { recursive: true });
});

after(async () => {
  await bench?.stop();
  if (!KEPT) {
    rmSync(FOLDER, { recursive: true });
  }
});

const AREA = 'def area(width, height):\n    return width * height\n';

/** Opens a file with a function in it, all of it selected. */
async function openArea(name: string): Promise<void> {
  await bench.open(name, AREA);
  await bench.selectLines(name, 0, 2);
}

/** Opens the list of what to ask, and gives it once the preset is in it. */
async function openList(preset: string) {
  await bench.key('Alt+i');
  const widget = bench.page.locator('.quick-input-widget');
  await widget.getByText(preset, { exact: true }).waitFor();
  return widget;
}

const status = () => bench.run<{ url: string; model: string }>('redline.status');

test('it works at once with the server that it brings', async () => {
  await openArea('area.py');
  await bench.instruct('rename width to breadth');
  await bench.state('area.py', 'proposed');
  await bench.key('Alt+Enter');
  await bench.state('area.py', 'accepted');
  assert.equal(await bench.save('area.py'), 'def area(breadth, height):\n    return breadth * height\n');
});

test('a preset is chosen from the list, and history brings an instruction again', async () => {
  await openArea('again.py');
  const widget = await openList('Document');
  await bench.choose('Document');
  await bench.state('again.py', 'proposed');
  assert.match(await bench.text('again.py'), /"""/);
  await bench.key('Alt+Backspace');
  await bench.state('again.py', 'rejected');
  await bench.selectLines('again.py', 0, 2);
  await bench.key('Alt+i');
  await widget.getByText('rename width to breadth').waitFor();
  await bench.choose('rename width to breadth');
  const { rewrite } = await bench.state('again.py', 'proposed');
  assert.ok(rewrite > 2);
  await bench.key('Alt+Enter');
  await bench.state('again.py', 'accepted');
  assert.equal(await bench.save('again.py'), 'def area(breadth, height):\n    return breadth * height\n');
});

test('words that are sent before the list has followed them are what is asked', async () => {
  await openArea('fast.py');
  await openList('Document');
  await bench.type('rename height to depth');
  await bench.key('Enter');
  await bench.state('fast.py', 'proposed');
  await bench.key('Alt+Enter');
  await bench.state('fast.py', 'accepted');
  assert.equal(await bench.save('fast.py'), 'def area(width, depth):\n    return width * depth\n');
});

test('presets of the settings are in the list', async () => {
  const preset = { name: 'ours', title: 'Our words', instruction: 'rename width to breadth', languages: ['python'] };
  await bench.ask('setting', { key: 'redline.presets', value: [preset] });
  await bench.open('ours.py', AREA);
  await until('the server has it', async () => {
    const listed = await bench.run<{ name: string }[]>('redline.presets');
    return listed.some((it) => it.name === 'ours');
  });
  await bench.selectLines('ours.py', 0, 2);
  await openList('Our words');
  await bench.choose('Our words');
  await bench.state('ours.py', 'proposed');
  await bench.key('Alt+Enter');
  await bench.state('ours.py', 'accepted');
  assert.equal(await bench.save('ours.py'), 'def area(breadth, height):\n    return breadth * height\n');
  await bench.ask('setting', { key: 'redline.presets' });
});

test('settings of a folder name neither a model nor a program', async () => {
  const { model, url } = await status();
  assert.notEqual(model, 'of-the-folder');
  assert.doesNotMatch(url, /127.0.0.1:9/);
});

test('a rewrite streams and waits in both themes', async () => {
  const model = await ModelServer.start();
  try {
    await bench.ask('setting', { key: 'redline.models', value: { fast: { url: model.url, model: 'fast-model' } } });
    await until('the new model is taken', async () => (await status()).model === 'fast-model');
    await bench.page.setViewportSize({ width: 960, height: 520 });
    await bench.run('workbench.action.closeSidebar');
    await bench.run('workbench.action.closeAuxiliaryBar');
    await bench.run('workbench.action.closeAllEditors');
    for (const [name, theme] of [
      ['dark', 'Default Dark Modern'],
      ['light', 'Default Light Modern'],
    ] as const) {
      await bench.ask('setting', { key: 'workbench.colorTheme', value: theme });
      await draw(model, name);
    }
  } finally {
    model.stop();
  }
});

async function draw(model: ModelServer, name: string): Promise<void> {
  const gate = new Gate();
  const cut = NEW.indexOf('    return total');
  model.answer = async function* () {
    yield* NEW.slice(0, cut).match(/.{1,12}|\n/g) ?? [];
    await gate.passed;
    yield NEW.slice(cut);
  };
  const file = `orders_${name}.py`;
  await bench.open(file, AROUND + OLD + TAIL);
  await bench.selectLines(file, 4, 14);
  await bench.key('Alt+i');
  const widget = bench.page.locator('.quick-input-widget');
  await widget.getByText('Document').first().waitFor();
  await shoot(`vscode-ask-${name}`);
  await bench.key('Escape');
  await widget.waitFor({ state: 'hidden' });
  await bench.instruct('use Decimal, type it, and do not print');
  await until('it streams', async () => {
    const shown = await bench.text(file);
    if (shown.includes('The value of all')) {
      return true;
    }
    throw new Error(`${shown} ${JSON.stringify(await bench.rewrites(file))} ${model.requests.length}`);
  });
  await until('it says so', async () => (await bench.beside()).some((it) => it.includes('tokens')));
  await bench.page.getByText('Stop here').first().waitFor();
  await shoot(`vscode-streaming-${name}`);
  gate.open();
  await bench.state(file, 'proposed');
  await bench.page.getByText('Accept the rewrite').first().waitFor();
  await until('what went is shown', async () => (await bench.beside()).some((it) => it.startsWith('− sum = 0')));
  await shoot(`vscode-pending-${name}`);
  await bench.key('Alt+Backspace');
  await bench.state(file, 'rejected');
  await bench.run('workbench.action.files.save');
  await bench.run('workbench.action.closeAllEditors');
}

test('nothing of ours is in the developer console', () => {
  assert.deepEqual(
    bench.errors.filter((it) => /redline/i.test(it)),
    [],
  );
});

async function shoot(name: string): Promise<void> {
  const file = path.join(FOLDER, `${name}.png`);
  // Cursor and animations would make every picture differ.
  await bench.page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
  assert.ok(statSync(file).size < 150_000, `${file} has ${statSync(file).size} bytes`);
}
