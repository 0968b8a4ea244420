// How the server's edits enter the editor: as one undo step per rewrite, without the user's own typing in it,
// and without moving what the user looks at. Everything else goes the language client's own way.

import * as vscode from 'vscode';
import type { ApplyWorkspaceEditParams, ApplyWorkspaceEditResult } from 'vscode-languageclient';
import { TextDocumentEdit, TextEdit } from 'vscode-languageclient';
import { LABEL } from './lsp_ext';
import { toRange } from './rewrites';

/** The undo step that our last edit of a document left open. */
interface OpenStep {
  /** The document's version after that edit. */
  version: number;
  /** The rewrites whose edits the step holds. */
  rewrites: Set<string>;
}

/** After that long without a change a refusal has another reason than a key, such as an editor that is gone. */
const REFUSED_MS = 500;

export class LiveEdits {
  private readonly steps = new Map<string, OpenStep>();

  /** Calls `before` with the file of each edit that is about to be made. */
  constructor(private readonly before: (uri: vscode.Uri) => void) {}

  /** What follows for this rewrite, such as taking it back, is a step of its own. */
  close(rewrite: number): void {
    for (const step of this.steps.values()) {
      step.rewrites.delete(String(rewrite));
    }
  }

  forget(uri: vscode.Uri): void {
    this.steps.delete(uri.toString());
  }

  /** Applies an edit of ours; nothing where it is not ours or its document is in no editor. */
  async apply(params: ApplyWorkspaceEditParams): Promise<ApplyWorkspaceEditResult | undefined> {
    const [change, ...others] = params.edit.documentChanges ?? [];
    if (!params.label?.startsWith(LABEL) || !TextDocumentEdit.is(change) || others.length > 0) {
      return undefined;
    }
    const uri = vscode.Uri.parse(change.textDocument.uri);
    const editor = editorOf(uri);
    const edits = change.edits.filter(TextEdit.is);
    if (!editor || edits.length !== change.edits.length) {
      return undefined;
    }
    const { document } = editor;
    const version = document.version;
    if (version !== change.textDocument.version) {
      return { applied: false };
    }
    const rewrites = params.label.slice(LABEL.length).split(',');
    const overtaken = watchForKeys(document, edits);
    const applied = await Promise.race([this.applyNow(editor, edits, rewrites), overtaken.byKey]);
    overtaken.stop();
    if (applied) {
      return { applied: true };
    }
    // The screen is ahead of this process: most often a key was pressed that is not known here yet. The server
    // makes the edit anew when it is told of that. A refusal for another reason gets the common way.
    return (await changedSince(document, version)) ? { applied: false } : undefined;
  }

  private async applyNow(
    editor: vscode.TextEditor,
    edits: readonly TextEdit[],
    rewrites: readonly string[],
  ): Promise<boolean> {
    const key = editor.document.uri.toString();
    const version = editor.document.version;
    const open = this.steps.get(key);
    const step = open?.version === version ? open.rewrites : undefined;
    const joins = step !== undefined && rewrites.every((id) => step.has(id));
    const above = linesAbove(editor, edits);
    this.before(editor.document.uri);
    const edited = editor.edit(
      (builder) => {
        for (const { range, newText } of edits) {
          builder.replace(toRange(range), newText);
        }
      },
      { undoStopBefore: !joins, undoStopAfter: false },
    );
    // It throws where the editor is gone by now.
    const applied = await edited.then(
      (applied) => applied,
      () => false,
    );
    if (applied) {
      // Applied means that nothing came between; what was typed since has a version of its own.
      this.steps.set(key, { version: version + 1, rewrites: new Set([...(step ?? []), ...rewrites]) });
      await keepInPlace(editor, above);
    }
    return applied;
  }
}

/**
 * A key that the screen has and this process has not means that the screen refuses the edit under way. The key is told
 * before the refusal is, and the server need not wait for that one to make the edit anew.
 */
function watchForKeys(document: vscode.TextDocument, edits: readonly TextEdit[]) {
  let listener: vscode.Disposable | undefined;
  const byKey = new Promise<false>((resolve) => {
    listener = vscode.workspace.onDidChangeTextDocument(({ document: changed, contentChanges }) => {
      const [change, ...others] = contentChanges;
      if (changed !== document || !change) {
        return;
      }
      // VS Code gives a text the line ends of the file that it is put in.
      const lines = (text: string) => text.replaceAll('\r\n', '\n');
      const isOurs = ({ range, newText }: TextEdit) =>
        lines(newText) === lines(change.text) && toRange(range).isEqual(change.range);
      if (others.length === 0 && !edits.some(isOurs)) {
        resolve(false);
      }
      listener?.dispose();
    });
  });
  return { byKey, stop: () => listener?.dispose() };
}

/** Whether the document changes, as it does right after a key that the screen already has. */
async function changedSince(document: vscode.TextDocument, version: number): Promise<boolean> {
  if (document.version !== version) {
    return true;
  }
  return new Promise((resolve) => {
    const done = (changed: boolean) => {
      clearTimeout(timer);
      listener.dispose();
      resolve(changed);
    };
    const listener = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === document && document.version !== version) {
        done(true);
      }
    });
    const timer = setTimeout(() => done(false), REFUSED_MS);
  });
}

function editorOf(uri: vscode.Uri): vscode.TextEditor | undefined {
  const wanted = uri.toString();
  const shows = (editor: vscode.TextEditor | undefined) => editor?.document.uri.toString() === wanted;
  const active = vscode.window.activeTextEditor;
  return shows(active) ? active : vscode.window.visibleTextEditors.find(shows);
}

/** How many lines the edits bring, less those they take, above everything that is on the screen. */
function linesAbove(editor: vscode.TextEditor, edits: readonly TextEdit[]): number {
  const top = editor.visibleRanges[0]?.start.line ?? 0;
  return edits
    .filter(({ range }) => range.end.line < top || (range.end.line === top && range.end.character === 0))
    .reduce(
      (sum, { range, newText }) => sum + newText.split('\n').length - 1 - (range.end.line - range.start.line),
      0,
    );
}

/** VS Code keeps line numbers on the screen, not the text: scrolls by as much as the text has moved. */
async function keepInPlace(editor: vscode.TextEditor, lines: number): Promise<void> {
  if (lines !== 0 && vscode.window.activeTextEditor === editor) {
    const [to, value] = lines > 0 ? ['down', lines] : ['up', -lines];
    await vscode.commands.executeCommand('editorScroll', { to, by: 'line', value, revealCursor: false });
  }
}
