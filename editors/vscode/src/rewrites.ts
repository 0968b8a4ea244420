// The rewrites as the server tells of them, with their places kept up while the user types.
// Nothing is decided or drawn here.

import * as vscode from 'vscode';
import { type HunkState, isOver, isRunning, type RewriteChanged } from './lsp_ext';
import { type Change, type Place, type Span, shiftSpan } from './positions';

export interface Hunk {
  index: number;
  state: HunkState;
  span: Span;
  oldText: string;
  newText: string;
}

export interface Rewrite {
  id: number;
  uri: vscode.Uri;
  said: RewriteChanged;
  region: Span;
  hunks: Hunk[];
  /** The region's lines before the first edit; only for drawing while text streams. */
  base: string[] | undefined;
}

export function isOpen(hunk: Hunk): boolean {
  return hunk.state === 'pending' || hunk.state === 'conflict';
}

/** How many past changes of a document are remembered, to place what the server said of an older version. */
const REMEMBERED_CHANGES = 256;

export class Rewrites implements vscode.Disposable {
  private readonly all = new Map<number, Rewrite>();
  private readonly history = new Map<string, { version: number; changes: readonly Change[] }[]>();
  private readonly changed = new vscode.EventEmitter<Rewrite>();
  private readonly subscriptions: vscode.Disposable[];

  /** At every notification, after it has been taken in; also for rewrites that are over by it. */
  readonly onDidChange = this.changed.event;

  constructor() {
    this.subscriptions = [
      this.changed,
      vscode.workspace.onDidChangeTextDocument((event) => this.follow(event)),
      vscode.workspace.onDidCloseTextDocument((document) => this.history.delete(document.uri.toString())),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  /** Those not over yet, in the order of the text. */
  in(uri: vscode.Uri): Rewrite[] {
    const wanted = uri.toString();
    return [...this.all.values()]
      .filter((it) => it.uri.toString() === wanted)
      .sort((a, b) => a.region.start.line - b.region.start.line);
  }

  get(id: number): Rewrite | undefined {
    return this.all.get(id);
  }

  running(): Rewrite[] {
    return [...this.all.values()].filter((it) => isRunning(it.said.state));
  }

  /** Those that wait for a decision. */
  waiting(): Rewrite[] {
    return [...this.all.values()].filter((it) => !isRunning(it.said.state));
  }

  /** What a command without a name means: the rewrite at the place, else the nearest. */
  at(uri: vscode.Uri, place: Place): Rewrite | undefined {
    const distance = ({ region }: Rewrite) =>
      Math.max(region.start.line - place.line, place.line - region.end.line, 0);
    return this.in(uri).sort((a, b) => distance(a) - distance(b))[0];
  }

  take(said: RewriteChanged): void {
    const uri = vscode.Uri.parse(said.uri);
    const since = this.since(uri, said.version);
    const now = (span: Span) => since.reduce<Span>((it, changes) => shiftSpan(it, changes), span);
    const region = now(said.region);
    const known = this.all.get(said.rewrite);
    const rewrite: Rewrite = {
      id: said.rewrite,
      uri,
      said,
      region,
      hunks: said.hunks.map((hunk) => ({ ...hunk, span: now(hunk.range) })),
      base: known ? known.base : regionLines(uri, region),
    };
    if (isOver(said.state)) {
      this.all.delete(rewrite.id);
    } else {
      this.all.set(rewrite.id, rewrite);
    }
    this.changed.fire(rewrite);
  }

  /** Forgets everything, for instance when the server is gone. */
  clear(): void {
    const all = [...this.all.values()];
    this.all.clear();
    for (const rewrite of all) {
      this.changed.fire(rewrite);
    }
  }

  private follow(event: vscode.TextDocumentChangeEvent): void {
    if (event.contentChanges.length === 0 || event.document.uri.scheme !== 'file') {
      return;
    }
    const key = event.document.uri.toString();
    const past = this.history.get(key) ?? [];
    past.push({ version: event.document.version, changes: event.contentChanges });
    this.history.set(key, past.slice(-REMEMBERED_CHANGES));
    for (const rewrite of this.all.values()) {
      if (rewrite.uri.toString() === key) {
        rewrite.region = shiftSpan(rewrite.region, event.contentChanges);
        for (const hunk of rewrite.hunks) {
          hunk.span = shiftSpan(hunk.span, event.contentChanges);
        }
      }
    }
  }

  /** The changes of a document since a version, oldest first. */
  private since(uri: vscode.Uri, version: number): (readonly Change[])[] {
    const past = this.history.get(uri.toString()) ?? [];
    return past.filter((it) => it.version > version).map((it) => it.changes);
  }
}

/** The text of a region as lines, where the document is open. */
export function regionLines(uri: vscode.Uri, region: Span): string[] | undefined {
  const document = vscode.workspace.textDocuments.find((it) => it.uri.toString() === uri.toString());
  return document?.getText(toRange(region)).split(/\r?\n/);
}

export function toRange({ start, end }: Span): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
