// What the user can do, as VS Code commands. Each finds out which rewrite is meant and tells the server.
// Their names differ from the server's own commands, which the language client registers for lenses and actions.

import * as vscode from 'vscode';
import { ask } from './ask';
import type { Ask, Client } from './client';
import { activeFile, type DiffView } from './diff_view';
import { isRunning } from './lsp_ext';
import { type Hunk, isOpen, type Rewrite, type Rewrites, toRange } from './rewrites';
import type { StatusBar } from './status';

export interface Parts {
  context: vscode.ExtensionContext;
  client: () => Client | undefined;
  rewrites: Rewrites;
  diffView: DiffView;
  statusBar: StatusBar;
  output: vscode.LogOutputChannel;
  restart: () => Promise<void>;
}

export function registerCommands(parts: Parts): void {
  const { context, rewrites, diffView, statusBar, output } = parts;
  const commands: Record<string, (argument?: unknown) => unknown> = {
    rewriteSelection: (argument) => rewriteSelection(parts, argument),
    acceptRewrite: () => withRewrite(parts, (client, { id }) => client.accept({ rewrite: id })),
    rejectRewrite: () => withRewrite(parts, (client, { id }) => client.reject({ rewrite: id })),
    interruptRewrite: () =>
      withRewrite(
        parts,
        (client, { id }) => client.interrupt({ rewrite: id }),
        (it) => isRunning(it.said.state),
      ),
    redirectRewrite: (argument) => redirect(parts, argument),
    retryRewrite: () => retry(parts),
    acceptHunk: () => decideHunk(parts, 'accept'),
    rejectHunk: () => decideHunk(parts, 'reject'),
    nextHunk: () => goToHunk(rewrites, 1),
    previousHunk: () => goToHunk(rewrites, -1),
    showDiff: () => withRewrite(parts, (_, rewrite) => diffView.show(rewrite)),
    showLog: () => output.show(true),
    showStatus: () => showStatus(statusBar),
    restartServer: () => parts.restart(),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`redline.${name}`, async (argument?: unknown) => {
        try {
          await run(argument);
        } catch (error) {
          if (error instanceof NothingHere) {
            vscode.window.setStatusBarMessage(`Redline: ${error.message}`, 4000);
            return;
          }
          void vscode.window.showErrorMessage(`Redline: ${message(error)}`);
        }
      }),
    );
  }
}

/** There is nothing that the command could mean; not worth more than a word in the status bar. */
class NothingHere extends Error {}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function running(parts: Parts): Client {
  const client = parts.client();
  if (!client) {
    throw new Error('the server is not running; the log says why');
  }
  return client;
}

function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    throw new NothingHere('open a file first');
  }
  return editor;
}

/** With an argument `{ instruction }` or `{ preset }` nothing is asked, for key bindings of the user's own. */
async function rewriteSelection(parts: Parts, argument: unknown): Promise<void> {
  const client = running(parts);
  const editor = activeEditor();
  const { document } = editor;
  if (document.uri.scheme !== 'file') {
    throw new NothingHere('only files can be rewritten');
  }
  const uri = document.uri.toString();
  const selection = () => ({ start: plain(editor.selection.start), end: plain(editor.selection.end) });
  const { start, end } = editor.selection;
  // A selection that ends where a line begins does not mean that line.
  const lines = end.line - start.line + (end.character > 0 || end.line === start.line ? 1 : 0);
  const title = editor.selection.isEmpty
    ? 'Rewrite what is at the cursor'
    : `Rewrite ${count(lines, 'line')}`;
  const wanted =
    asked(argument) ?? (await ask(parts.context.globalState, title, client.offers(uri, selection())));
  if (!wanted) {
    return;
  }
  // The editor has moved the selection along with every change made while the user was writing.
  await client.rewrite({ uri, range: selection(), version: document.version, ...wanted });
  // What is typed from now on must not replace the selected text.
  if (!editor.selection.isEmpty) {
    editor.selection = new vscode.Selection(editor.selection.active, editor.selection.active);
  }
}

function asked(argument: unknown): Ask | undefined {
  const given = (typeof argument === 'object' && argument !== null ? argument : {}) as Record<
    string,
    unknown
  >;
  if (typeof given.instruction === 'string') {
    return { instruction: given.instruction };
  }
  return typeof given.preset === 'string' ? { preset: given.preset } : undefined;
}

async function redirect(parts: Parts, argument: unknown): Promise<void> {
  const rewrite = rewriteHere(parts.rewrites);
  const given =
    asked(argument) ?? (await ask(parts.context.globalState, 'Do something else', Promise.resolve([])));
  if (given && 'instruction' in given) {
    await running(parts).redirect({ rewrite: rewrite.id }, given.instruction);
  }
}

async function retry(parts: Parts): Promise<void> {
  const editor = activeEditor();
  const rewrite = parts.rewrites.at(editor.document.uri, editor.selection.active);
  const place = { uri: editor.document.uri.toString(), position: plain(editor.selection.active) };
  await running(parts).retry(rewrite ? { rewrite: rewrite.id } : place);
}

function rewriteHere(rewrites: Rewrites, wanted: (it: Rewrite) => boolean = () => true): Rewrite {
  const uri = activeFile();
  const place = vscode.window.activeTextEditor?.selection.active ?? new vscode.Position(0, 0);
  const nearest = uri && rewrites.at(uri, place);
  const found = nearest && wanted(nearest) ? nearest : uri && rewrites.in(uri).find(wanted);
  if (!found) {
    throw new NothingHere('no rewrite here');
  }
  return found;
}

async function withRewrite(
  parts: Parts,
  run: (client: Client, rewrite: Rewrite) => Promise<unknown>,
  wanted?: (it: Rewrite) => boolean,
): Promise<void> {
  await run(running(parts), rewriteHere(parts.rewrites, wanted));
}

/** Decides the change at the cursor and goes on to the next one; without one at the cursor only goes there. */
async function decideHunk(parts: Parts, verb: 'accept' | 'reject'): Promise<void> {
  const client = running(parts);
  const editor = activeEditor();
  const line = editor.selection.active.line;
  const here = openHunks(parts.rewrites, editor.document.uri).find(({ hunk }) => touches(hunk, line));
  if (!here) {
    goToHunk(parts.rewrites, 1);
    return;
  }
  await client[verb]({ rewrite: here.rewrite.id, hunk: here.hunk.index });
  const next = openHunks(parts.rewrites, editor.document.uri).find(
    ({ hunk, rewrite }) =>
      (rewrite.id !== here.rewrite.id || hunk.index !== here.hunk.index) && hunk.span.start.line >= line,
  );
  if (next) {
    goTo(editor, next.hunk);
  }
}

function openHunks(rewrites: Rewrites, uri: vscode.Uri): { rewrite: Rewrite; hunk: Hunk }[] {
  return rewrites
    .in(uri)
    .flatMap((rewrite) => rewrite.hunks.filter(isOpen).map((hunk) => ({ rewrite, hunk })))
    .sort((a, b) => a.hunk.span.start.line - b.hunk.span.start.line);
}

/** A change is at the lines that it covers; where it only took lines away, at the lines around that place. */
function touches({ span: { start, end } }: Hunk, line: number): boolean {
  if (start.line === end.line && start.character === end.character) {
    return line === start.line || line === start.line - 1;
  }
  return start.line <= line && (line < end.line || (line === end.line && end.character > 0));
}

function goToHunk(rewrites: Rewrites, step: 1 | -1): void {
  const editor = activeEditor();
  const hunks = openHunks(rewrites, editor.document.uri);
  const line = editor.selection.active.line;
  const found =
    step === 1
      ? (hunks.find(({ hunk }) => hunk.span.start.line > line) ?? hunks[0])
      : (hunks.findLast(({ hunk }) => hunk.span.start.line < line) ?? hunks.at(-1));
  if (!found) {
    throw new NothingHere('no change waits in this file');
  }
  goTo(editor, found.hunk);
}

function goTo(editor: vscode.TextEditor, hunk: Hunk): void {
  const range = toRange(hunk.span);
  editor.selection = new vscode.Selection(range.start, range.start);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

async function showStatus(statusBar: StatusBar): Promise<void> {
  const status = await statusBar.refresh();
  const lines = status
    ? [
        `${status.model ?? 'no model'} at ${status.url ?? '—'}: ${status.connection}`,
        ...(status.problem ? [status.problem] : []),
      ]
    : ['The server is not running.'];
  const choice = await vscode.window.showInformationMessage(
    `Redline: ${lines.join(' ')}`,
    'Show Log',
    'Settings',
    'Restart Server',
  );
  const next = {
    'Show Log': 'redline.showLog',
    Settings: 'workbench.action.openSettings',
    'Restart Server': 'redline.restartServer',
  };
  if (choice) {
    await vscode.commands.executeCommand(next[choice], choice === 'Settings' ? 'redline' : undefined);
  }
}

function plain({ line, character }: vscode.Position): { line: number; character: number } {
  return { line, character };
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
