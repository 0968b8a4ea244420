// A real VS Code (code-server) with our extension, in a real Chromium: starting, typing, looking, ending.
// What is typed goes through the browser; what is told comes from the probe extension. Scenarios are in the tests.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { START_PATIENCE_MS, until } from './patience.ts';

const HERE = import.meta.dirname;
const EXTENSION = path.join(HERE, '..', '..', 'editors', 'vscode');

const CHROMIUM = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Place {
  line: number;
  character: number;
}

export interface Rewrite {
  rewrite: number;
  uri: string;
  state: string;
  apply: string;
  region: { start: Place; end: Place };
  hunks: { index: number; state: string; range: { start: Place; end: Place }; oldText: string; newText: string }[];
  timings: Record<string, number>;
  message?: string;
}

export interface Options {
  /** Settings beside those that make a start quiet. */
  settings?: Record<string, unknown>;
  /** Settings that stand in the folder that is open. */
  folderSettings?: Record<string, unknown>;
  /** Where our extension comes from: its folder as built, or a VSIX. */
  vsix?: string;
}

export class Workbench {
  /** Errors in the developer console, from the start on. */
  readonly errors: string[] = [];
  readonly page: Page;
  readonly folder: string;
  private readonly root: string;
  private readonly server: ChildProcess;
  private readonly browser: Browser;

  private constructor(page: Page, root: string, server: ChildProcess, browser: Browser) {
    this.page = page;
    this.root = root;
    this.folder = path.join(root, 'work');
    this.server = server;
    this.browser = browser;
  }

  static async start(options: Options = {}): Promise<Workbench> {
    const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'redline-vscode-')));
    const at = (...names: string[]) => path.join(root, ...names);
    for (const folder of ['work', 'home', 'data/User', 'data/Machine', 'extensions']) {
      mkdirSync(at(folder), { recursive: true });
    }
    const settings = JSON.stringify({ ...quiet(), ...options.settings }, null, 2);
    writeFileSync(at('data/User/settings.json'), settings);
    writeFileSync(at('data/Machine/settings.json'), settings);
    if (options.folderSettings) {
      mkdirSync(at('work/.vscode'));
      writeFileSync(at('work/.vscode/settings.json'), JSON.stringify(options.folderSettings));
    }
    cpSync(path.join(HERE, 'probe'), at('extensions/redline-tests.probe-0.0.1'), { recursive: true });
    const env = {
      ...without(process.env, /^(REDLINE_MODEL.*|OPENAI_API_KEY|VSCODE_.*|XDG_.*)$/),
      HOME: at('home'),
      REDLINE_PROBE: at('probe-port'),
      // No gallery: nothing is looked up outside.
      EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
    };
    const codeServer = [path.join(codeServerFolder(), 'out/node/entry.js')];
    const places = ['--user-data-dir', at('data'), '--extensions-dir', at('extensions')];
    if (options.vsix) {
      const install = spawn(process.execPath, [...codeServer, ...places, '--install-extension', options.vsix], { env });
      const [code] = await once(install, 'exit');
      if (code !== 0) {
        throw new Error(`the VSIX does not install: ${code}`);
      }
    } else {
      for (const name of ['package.json', 'dist', 'media', 'README.md']) {
        cpSync(path.join(EXTENSION, name), at('extensions/redline.redline-0.1.0', name), { recursive: true });
      }
    }
    const port = await freePort();
    const quietly = ['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'];
    const server = spawn(
      process.execPath,
      [...codeServer, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, ...places, ...quietly, at('work')],
      { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    const { promise: listens, resolve, reject } = Promise.withResolvers<void>();
    let said = '';
    const listen = (data: Buffer) => {
      said += data;
      if (said.includes('HTTP server listening')) {
        resolve();
      }
    };
    server.stdout?.on('data', listen);
    server.stderr?.on('data', listen);
    server.on('exit', () => reject(new Error(`code-server has ended: ${said}`)));
    let browser: Browser | undefined;
    try {
      await listens;
      browser = await chromium.launch({
        executablePath: process.env.REDLINE_CHROMIUM ?? '/usr/bin/chromium',
        args: CHROMIUM,
      });
      const page = await browser.newPage({ viewport: { width: 1000, height: 640 } });
      const workbench = new Workbench(page, root, server, browser);
      await workbench.load(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(workbench.folder)}`);
      return workbench;
    } catch (error) {
      await browser?.close();
      end(server);
      throw error;
    }
  }

  private async load(url: string): Promise<void> {
    this.page.on('console', (message) => {
      if (message.type() === 'error') {
        this.errors.push(message.text());
      }
    });
    this.page.on('pageerror', (error) => this.errors.push(String(error.stack ?? error)));
    await this.page.goto(url);
    await this.page.waitForSelector('.monaco-workbench', { timeout: START_PATIENCE_MS });
    const port = path.join(this.root, 'probe-port');
    const ready = async () => existsSync(port) && (await this.ask<boolean>('ready'));
    await until('the extensions are ready', ready, START_PATIENCE_MS);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    const gone = once(this.server, 'exit');
    if (end(this.server)) {
      await gone;
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Asks the probe extension. */
  async ask<T>(what: string, argument: object = {}): Promise<T> {
    const port = readFileSync(path.join(this.root, 'probe-port'), 'utf8');
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      body: JSON.stringify({ what, argument }),
      // Such as a question that VS Code asks and nobody answers.
      signal: AbortSignal.timeout(60_000),
    });
    const reply = (await response.json()) as { value: T; error?: string };
    if (reply.error !== undefined) {
      throw new Error(reply.error);
    }
    return reply.value;
  }

  run<T>(command: string, ...args: unknown[]): Promise<T> {
    return this.ask('run', { command, args });
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  /** Writes the file and brings it up, with the keyboard in it. */
  async open(name: string, text: string, { beside = false } = {}): Promise<void> {
    mkdirSync(path.dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    await this.ask('open', { path: this.path(name), beside });
    await this.focus();
  }

  focus(): Promise<void> {
    return this.run('workbench.action.focusActiveEditorGroup');
  }

  text(name: string): Promise<string> {
    return this.ask('text', { path: this.path(name) });
  }

  disk(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Selects whole lines, from 0, the last one exclusive. */
  async selectLines(name: string, from: number, to: number): Promise<void> {
    await this.ask('select', {
      path: this.path(name),
      start: { line: from, character: 0 },
      end: { line: to, character: 0 },
    });
  }

  async putCursor(name: string, line: number, character = 0): Promise<void> {
    const place = { line, character };
    await this.ask('select', { path: this.path(name), start: place, end: place });
  }

  async key(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** Types as fast as the screen takes it, or with that many milliseconds between keys, as a person does. */
  type(text: string, delay = 0): Promise<void> {
    return this.page.keyboard.type(text, { delay });
  }

  /** Opens the input at the selection by its key, writes the instruction and sends it. */
  async instruct(instruction: string, key = 'Alt+i'): Promise<void> {
    await this.key(key);
    const widget = this.page.locator('.quick-input-widget');
    await widget.locator('input[type=text]:focus').waitFor();
    await this.type(instruction);
    const row = widget.locator('.monaco-list-row.focused');
    await until('the instruction is offered', async () => (await row.innerText()).includes(instruction));
    await this.key('Enter');
    await widget.waitFor({ state: 'hidden' });
  }

  /** Goes down the open list to the line and takes it. */
  async choose(line: string): Promise<void> {
    const row = this.page.locator('.quick-input-widget .monaco-list-row.focused');
    await until(`${line} is chosen`, async () => {
      if ((await row.innerText()).includes(line)) {
        return true;
      }
      await this.key('ArrowDown');
      return false;
    });
    await this.key('Enter');
  }

  rewrites(name?: string): Promise<Rewrite[]> {
    const uri = name === undefined ? {} : { uri: `file://${this.path(name)}` };
    return this.run('redline.list', uri);
  }

  /** The newest rewrite of the file once it is in one of these states. */
  async state(name: string, ...states: string[]): Promise<Rewrite> {
    return until(`the rewrite is ${states.join(' or ')}`, async () => {
      const all = await this.rewrites(name);
      const newest = all.reduce<Rewrite | undefined>((a, b) => (a && a.rewrite > b.rewrite ? a : b), undefined);
      // A decision is told at once; it is done when the editor shows it.
      const isDone = newest?.timings.decided !== undefined || !['accepted', 'rejected'].includes(newest?.state ?? '');
      if (newest && isDone && states.includes(newest.state)) {
        return newest;
      }
      throw new Error(`${JSON.stringify(newest ?? null)} ${await this.toasts()}`);
    });
  }

  /** The messages on the screen. */
  toasts(): Promise<string[]> {
    return this.page.locator('.notification-toast').allInnerTexts();
  }

  /** What is drawn beside the lines on the screen, and is not in the text. */
  beside(): Promise<string[]> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('.view-lines .view-line span span')]
        .map((it) => getComputedStyle(it, '::after').content)
        .filter((it) => it !== 'none' && it !== 'normal')
        .map((it) => it.slice(1, -1).replaceAll('\u00a0', ' ').trim()),
    );
  }

  /**
   * How well every piece of text on the lines with decorations of ours stands out from what is behind it, by the
   * colours that the browser computed: the ratio of WCAG 2, from 1 to 21.
   */
  contrasts(): Promise<{ text: string; ratio: number; isBeside: boolean }[]> {
    return this.page.evaluate(() => {
      type Color = [number, number, number, number];
      const parse = (css: string): Color => {
        const [r = 0, g = 0, b = 0, a = 1] = (css.match(/[\d.]+/g) ?? []).map(Number);
        return css.startsWith('color(srgb') ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
      };
      const over = ([r, g, b, a]: Color, [x, y, z]: Color): Color => [
        r * a + x * (1 - a),
        g * a + y * (1 - a),
        b * a + z * (1 - a),
        1,
      ];
      const light = (color: Color) => {
        const [r = 0, g = 0, b = 0] = color.slice(0, 3).map((it) => {
          const part = it / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (a: Color, b: Color) => {
        const [dark = 0, bright = 0] = [light(a), light(b)].sort((x, y) => x - y);
        return (bright + 0.05) / (dark + 0.05);
      };
      const editor = document.querySelector('.monaco-editor') as Element;
      const ground = parse(getComputedStyle(editor.querySelector('.monaco-editor-background') ?? editor).backgroundColor);
      const overlays = [...editor.querySelectorAll('.view-overlays .cdr')].map((it) => ({
        rect: it.getBoundingClientRect(),
        color: parse(getComputedStyle(it).backgroundColor),
      }));
      const behind = (x: number, y: number) =>
        overlays
          .filter(({ rect }) => rect.left <= x && x <= rect.right && rect.top <= y && y <= rect.bottom)
          .reduce((below, { color }) => over(color, below), ground);
      return [...editor.querySelectorAll('.view-lines .view-line span span')].flatMap((span) => {
        const rect = span.getBoundingClientRect();
        const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
        const shown = (pseudo: string | undefined, text: string) => {
          const style = getComputedStyle(span, pseudo);
          const back = over(parse(style.backgroundColor), behind(x, y));
          return { text, ratio: ratio(over(parse(style.color), back), back), isBeside: pseudo !== undefined };
        };
        const { content } = getComputedStyle(span, '::after');
        const isOnOurs = overlays.some(({ rect, color }) => color[3] > 0 && rect.top <= y && y <= rect.bottom);
        const text = span.textContent?.trim() ?? '';
        return [
          ...(isOnOurs && text !== '' ? [shown(undefined, text)] : []),
          ...(content !== 'none' && content !== 'normal' ? [shown('::after', content)] : []),
        ];
      });
    });
  }

  async save(name: string): Promise<string> {
    await this.run('workbench.action.files.save');
    return this.disk(name);
  }
}

/** Ends code-server with its extension host and our server, which are in its group. */
function end(server: ChildProcess): boolean {
  try {
    return process.kill(-(server.pid as number), 'SIGTERM');
  } catch {
    return false;
  }
}

function quiet(): Record<string, unknown> {
  return {
    'security.workspace.trust.enabled': false,
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'telemetry.telemetryLevel': 'off',
    'update.mode': 'none',
    'extensions.autoUpdate': false,
    'extensions.autoCheckUpdates': false,
    'chat.disableAIFeatures': true,
    'git.enabled': false,
    'editor.minimap.enabled': false,
    'editor.autoClosingBrackets': 'never',
    'editor.autoIndent': 'none',
    'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
    'editor.suggestOnTriggerCharacters': false,
    'editor.wordBasedSuggestions': 'off',
    'files.autoSave': 'off',
    'redline.path': process.env.REDLINE_BIN,
  };
}

function without(env: NodeJS.ProcessEnv, names: RegExp): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)));
}

function codeServerFolder(): string {
  const folder = process.env.REDLINE_CODE_SERVER;
  if (!folder) {
    throw new Error('REDLINE_CODE_SERVER names no code-server; run the tests with `cargo test -p e2e --test editors_vscode`');
  }
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
