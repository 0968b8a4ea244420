// What a rewrite looks like in the editor: what came, what went, where it works, where the user's own text stands.
// Colours are the theme's. What there is to draw comes from `Rewrites`.

import * as vscode from 'vscode';
import { lineDiff } from './line_diff';
import { isRunning } from './lsp_ext';
import { type Hunk, isOpen, type Rewrite, type Rewrites, regionLines, toRange } from './rewrites';

/** One stretch of changed lines: `line` and `count` in the text as it stands, and what stood there. */
interface Stretch {
  line: number;
  count: number;
  oldLines: string[];
  newLines: string[];
  hover?: vscode.MarkdownString;
}

/**
 * Between two drawings while text streams: at least, and at most. Each makes VS Code draw a frame, so it goes out with
 * an edit, which does so anyway.
 */
const SOONEST_MS = 40;
const LATEST_MS = 120;

/** Between two drawings of what stands beside lines while text streams: VS Code makes all those lines anew for it. */
const BESIDE_MS = 250;

/** Longest removed text shown beside a line; the hover has all of it. */
const GHOST_CHARACTERS = 100;

const color = (id: string) => new vscode.ThemeColor(id);

const inRuler = (id: string) =>
  vscode.window.createTextEditorDecorationType({
    overviewRulerColor: color(id),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });

export class Drawing implements vscode.Disposable {
  private readonly added = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: color('diffEditor.insertedLineBackground'),
  });
  // A line, not a ground: the theme's colours for code would not stand out from two grounds above each other.
  private readonly addedText = vscode.window.createTextEditorDecorationType({
    borderColor: color('editorGutter.addedBackground'),
    borderStyle: 'solid',
    borderWidth: '0 0 1px 0',
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly removed = vscode.window.createTextEditorDecorationType({
    after: {
      color: color('editor.foreground'),
      backgroundColor: color('diffEditor.removedTextBackground'),
      margin: '0 0 0 3ch',
      fontStyle: 'italic',
    },
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly addedInRuler = inRuler('editorOverviewRuler.addedForeground');
  private readonly removedInRuler = inRuler('editorOverviewRuler.deletedForeground');
  private readonly working = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderColor: color('progressBar.background'),
    borderStyle: 'solid',
    borderWidth: '0 0 0 2px',
  });
  private readonly progress = vscode.window.createTextEditorDecorationType({
    after: { color: color('descriptionForeground'), margin: '0 0 0 3ch', fontStyle: 'italic' },
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly conflict = vscode.window.createTextEditorDecorationType({
    overviewRulerColor: color('editorOverviewRuler.warningForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
    after: {
      contentText: '\u00a0you typed here: your text is kept\u00a0',
      color: color('editor.foreground'),
      backgroundColor: color('inputValidation.warningBackground'),
      margin: '0 0 0 3ch',
      fontStyle: 'italic',
    },
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly types = [
    this.added,
    this.addedText,
    this.removed,
    this.addedInRuler,
    this.removedInRuler,
    this.working,
    this.progress,
    this.conflict,
  ];
  private readonly subscriptions: vscode.Disposable[];
  /** What an editor has of each kind: nothing, or something. */
  private readonly drawn = new WeakMap<vscode.TextEditor, Set<vscode.TextEditorDecorationType>>();
  /** When what stands beside the lines was drawn last, and for which streams. */
  private readonly beside = new WeakMap<vscode.TextEditor, { of: string; at: number }>();
  /** When each file that streams was drawn last, and what draws it next. */
  private readonly streams = new Map<string, { at: number; next?: NodeJS.Timeout }>();

  constructor(private readonly rewrites: Rewrites) {
    this.subscriptions = [
      ...this.types,
      rewrites.onDidChange((rewrite) => this.follow(rewrite)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) {
          this.drawIn(editor);
        }
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('redline.showRemovedText')) {
          vscode.window.visibleTextEditors.forEach((editor) => {
            this.drawIn(editor);
          });
        }
      }),
    ];
  }

  dispose(): void {
    for (const { next } of this.streams.values()) {
      clearTimeout(next);
    }
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  /** To be called right before an edit goes to the screen: what there is to draw is seen in the same frame. */
  beforeEdit(uri: vscode.Uri): void {
    const stream = this.streams.get(uri.toString());
    if (stream?.next && performance.now() - stream.at >= SOONEST_MS) {
      this.drawNow(uri);
    }
  }

  /** Draws at once, unless a stream that is drawn already only goes on. */
  private follow({ uri, said }: Rewrite): void {
    const stream = this.streams.get(uri.toString());
    if (!stream || !isRunning(said.state)) {
      this.drawNow(uri);
    } else {
      const wait = Math.max(stream.at + LATEST_MS - performance.now(), 0);
      stream.next ??= setTimeout(() => this.drawNow(uri), wait);
    }
  }

  private drawNow(uri: vscode.Uri): void {
    const key = uri.toString();
    clearTimeout(this.streams.get(key)?.next);
    if (this.rewrites.in(uri).some((it) => isRunning(it.said.state))) {
      this.streams.set(key, { at: performance.now() });
    } else {
      this.streams.delete(key);
    }
    this.draw(key);
  }

  private draw(uri: string): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === uri) {
        this.drawIn(editor);
      }
    }
  }

  private drawIn(editor: vscode.TextEditor): void {
    const { document } = editor;
    const rewrites = this.rewrites.in(document.uri);
    const ghosts = vscode.workspace.getConfiguration('redline').get<boolean>('showRemovedText', true);
    const stretches = rewrites.flatMap((rewrite) => stretchesOf(rewrite));
    const running = rewrites.filter((it) => isRunning(it.said.state));
    this.set(
      editor,
      this.added,
      stretches.filter((it) => it.count > 0).map((it) => withHover(wholeLines(document, it), it)),
    );
    // VS Code measures each of these anew for every frame, so they wait for the end of the stream.
    this.set(
      editor,
      this.addedText,
      running.length > 0 ? [] : stretches.flatMap((it) => changedText(it).map((range) => ({ range }))),
    );
    // Each mark that moves there makes VS Code paint all of the ruler, which costs more than the text does.
    const rulers = running.length > 0 ? [] : stretches;
    this.set(
      editor,
      this.addedInRuler,
      rulers.filter((it) => it.count > 0).map((it) => ({ range: wholeLines(document, it) })),
    );
    this.set(
      editor,
      this.removedInRuler,
      rulers.filter((it) => it.oldLines.length > 0).map((it) => ({ range: endOfLine(document, it.line) })),
    );
    this.set(
      editor,
      this.working,
      running.map((it) => ({ range: regionRange(it) })),
    );
    this.set(
      editor,
      this.conflict,
      rewrites
        .flatMap((it) => it.hunks)
        .filter((hunk) => hunk.state === 'conflict')
        .map((hunk) => ({ range: endOfLine(document, hunk.span.start.line) })),
    );
    const last = this.beside.get(editor);
    const of = running.map((it) => `${it.id} ${it.said.state}`).join();
    const now = performance.now();
    if (running.length > 0 && last?.of === of && now - last.at < BESIDE_MS) {
      return;
    }
    this.beside.set(editor, { of, at: now });
    this.set(editor, this.removed, ghosts ? stretches.flatMap((it) => ghostsOf(document, it)) : []);
    this.set(
      editor,
      this.progress,
      running.map((it) => progressOf(document, it)),
    );
  }

  /** VS Code is not told again that there is nothing. */
  private set(
    editor: vscode.TextEditor,
    type: vscode.TextEditorDecorationType,
    options: vscode.DecorationOptions[],
  ): void {
    const drawn = this.drawn.get(editor) ?? new Set();
    this.drawn.set(editor, drawn);
    if (options.length > 0 || drawn.delete(type)) {
      editor.setDecorations(type, options);
    }
    if (options.length > 0) {
      drawn.add(type);
    }
  }
}

/** The changed stretches: the server's hunks, or while there are none yet what the text itself shows. */
function stretchesOf(rewrite: Rewrite): Stretch[] {
  if (rewrite.hunks.length > 0 || rewrite.said.apply !== 'live' || !isRunning(rewrite.said.state)) {
    return rewrite.said.apply === 'preview'
      ? []
      : rewrite.hunks.filter(isOpen).map((it) => ofHunk(rewrite, it));
  }
  const { base } = rewrite;
  const shown = regionLines(rewrite.uri, rewrite.region);
  if (!base || !shown) {
    return [];
  }
  return lineDiff(base, shown).map(({ oldStart, oldEnd, newStart, newEnd }) => ({
    line: rewrite.region.start.line + newStart,
    count: newEnd - newStart,
    oldLines: base.slice(oldStart, oldEnd),
    newLines: shown.slice(newStart, newEnd),
  }));
}

function ofHunk(rewrite: Rewrite, hunk: Hunk): Stretch {
  const { start, end } = hunk.span;
  // Lines behind the last line of a region bring the line break before them.
  const behind = start.character > 0 && /^\r?\n/.test(hunk.oldText + hunk.newText);
  const line = start.line + (behind ? 1 : 0);
  const isEmpty = start.line === end.line && start.character === end.character;
  const count = isEmpty ? 0 : end.line - line + (end.character > 0 ? 1 : 0);
  const lines = (text: string) => linesOf(behind ? text.replace(/^\r?\n/, '') : text);
  return {
    line,
    count,
    oldLines: lines(hunk.oldText),
    newLines: lines(hunk.newText),
    hover: hoverOf(rewrite, hunk),
  };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function hoverOf(rewrite: Rewrite, hunk: Hunk): vscode.MarkdownString {
  const hover = new vscode.MarkdownString();
  hover.isTrusted = { enabledCommands: ['redline.accept', 'redline.reject'] };
  const argument = encodeURIComponent(JSON.stringify([{ rewrite: rewrite.id, hunk: hunk.index }]));
  hover.appendMarkdown(
    `[Accept this change](command:redline.accept?${argument}) · [Reject this change](command:redline.reject?${argument})\n`,
  );
  const lines = [
    ...linesOf(hunk.oldText).map((line) => `-${line}`),
    ...linesOf(hunk.newText).map((line) => `+${line}`),
  ];
  hover.appendCodeblock(lines.join('\n'), 'diff');
  return hover;
}

function wholeLines(document: vscode.TextDocument, { line, count }: Stretch): vscode.Range {
  const last = Math.min(line + count, document.lineCount) - 1;
  return document.validateRange(new vscode.Range(line, 0, last, Number.MAX_SAFE_INTEGER));
}

function withHover(range: vscode.Range, { hover }: Stretch): vscode.DecorationOptions {
  return hover ? { range, hoverMessage: hover } : { range };
}

/** The part of each replaced line that differs, where enough of the line stayed. */
function changedText({ line, count, oldLines, newLines }: Stretch): vscode.Range[] {
  if (oldLines.length !== newLines.length || count !== newLines.length) {
    return [];
  }
  return newLines.flatMap((after, index) => {
    const before = oldLines[index] ?? '';
    let from = 0;
    while (from < before.length && from < after.length && before[from] === after[from]) {
      from++;
    }
    let kept = 0;
    while (
      kept < before.length - from &&
      kept < after.length - from &&
      before.at(-1 - kept) === after.at(-1 - kept)
    ) {
      kept++;
    }
    const to = after.length - kept;
    return to > from && from + kept > 0 ? [new vscode.Range(line + index, from, line + index, to)] : [];
  });
}

/** Each removed line beside the line in its place; those without one together, beside the last or the line above. */
function ghostsOf(document: vscode.TextDocument, stretch: Stretch): vscode.DecorationOptions[] {
  const { line, count, oldLines } = stretch;
  if (oldLines.length === 0) {
    return [];
  }
  const places = Math.max(count, 1);
  const beside = oldLines.slice(0, places - 1).map((text) => [text]);
  beside.push(oldLines.slice(places - 1));
  const first = count === 0 ? Math.max(line - 1, 0) : line;
  return beside
    .map((texts, index) => ({ texts, at: first + index }))
    .filter(({ texts, at }) => texts.some((text) => text.trim() !== '') && at < document.lineCount)
    .map(({ texts, at }) => ({
      range: endOfLine(document, at),
      renderOptions: { after: { contentText: ghostText(texts) } },
    }));
}

function ghostText(lines: readonly string[]): string {
  const all = lines.map((line) => line.trim()).filter((line) => line !== '');
  const text = all.join(' ⏎ ');
  const short = text.length > GHOST_CHARACTERS ? `${text.slice(0, GHOST_CHARACTERS)}…` : text;
  // Injected text collapses runs of plain spaces.
  return `\u00a0− ${short}${all.length > 1 ? ` (${all.length} lines)` : ''}\u00a0`.replaceAll(' ', '\u00a0');
}

function progressOf(document: vscode.TextDocument, rewrite: Rewrite): vscode.DecorationOptions {
  const { tokens, timings, state } = rewrite.said;
  const seconds = ((timings.lastDelta ?? 0) - (timings.firstDelta ?? 0)) / 1000;
  const pace = seconds > 0.2 ? `, ${Math.round(tokens.output / seconds)} a second` : '';
  const text = state === 'requested' ? 'asking…' : `${tokens.output} tokens${pace} · Esc stops`;
  const first = rewrite.region.start.line;
  return {
    range: endOfLine(document, first),
    renderOptions: { after: { contentText: `  ● ${text}`.replaceAll(' ', '\u00a0') } },
  };
}

/** The lines of a region; a region that ends at the start of a line does not touch that line. */
function regionRange({ region }: Rewrite): vscode.Range {
  const { start, end } = region;
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return toRange({ start: { line: start.line, character: 0 }, end: { line: last, character: 0 } });
}

function endOfLine(document: vscode.TextDocument, line: number): vscode.Range {
  const end = document.lineAt(Math.min(line, document.lineCount - 1)).range.end;
  return new vscode.Range(end, end);
}
