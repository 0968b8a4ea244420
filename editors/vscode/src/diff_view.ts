// A rewrite as VS Code's own diff view: the text without it beside the text with it. In preview mode the buffer
// is the old text, otherwise the new one; the other side is a read-only document made here.

import * as vscode from 'vscode';
import { isOpen, type Rewrite, type Rewrites, toRange } from './rewrites';

const SCHEME = 'redline';

/** The file in front of the user, also where our side of a diff view has the keyboard. */
export function activeFile(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === SCHEME ? vscode.Uri.file(uri.path) : uri;
}

export class DiffView implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];
  /** Previews already brought up by themselves. */
  private readonly opened = new Set<number>();

  readonly onDidChange = this.changed.event;

  constructor(private readonly rewrites: Rewrites) {
    this.subscriptions = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      rewrites.onDidChange((rewrite) => this.follow(rewrite)),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  async show(rewrite: Rewrite): Promise<void> {
    const document = await vscode.workspace.openTextDocument(rewrite.uri);
    const name = rewrite.uri.path.split('/').at(-1) ?? '';
    const other = otherSide(rewrite);
    const [left, right] = rewrite.said.apply === 'preview' ? [document.uri, other] : [other, document.uri];
    await vscode.commands.executeCommand('vscode.diff', left, right, `${name}: ${rewrite.said.instruction}`);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const rewrite = this.rewrites.get(Number(uri.fragment));
    const document = vscode.workspace.textDocuments.find(
      (it) => it.uri.toString() === rewrite?.uri.toString(),
    );
    if (!rewrite || !document) {
      return '';
    }
    let text = document.getText();
    for (const hunk of rewrite.hunks.filter(isOpen).reverse()) {
      const range = toRange(hunk.span);
      const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
      const other = rewrite.said.apply === 'preview' ? hunk.newText : hunk.oldText;
      text = text.slice(0, start) + other + text.slice(end);
    }
    return text;
  }

  private follow(rewrite: Rewrite): void {
    const waits = this.rewrites.get(rewrite.id) !== undefined;
    if (waits && rewrite.hunks.length > 0) {
      this.changed.fire(otherSide(rewrite));
      if (rewrite.said.apply === 'preview' && !this.opened.has(rewrite.id)) {
        this.opened.add(rewrite.id);
        void this.show(rewrite);
      }
    }
    if (!waits) {
      this.opened.delete(rewrite.id);
      void close(rewrite);
    }
  }
}

function otherSide(rewrite: Rewrite): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: rewrite.uri.path, fragment: String(rewrite.id) });
}

/** Closes the view of a rewrite that is over and shows the document in its place. */
async function close(rewrite: Rewrite): Promise<void> {
  const other = otherSide(rewrite).toString();
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(
      ({ input }) =>
        input instanceof vscode.TabInputTextDiff &&
        (input.original.toString() === other || input.modified.toString() === other),
    );
  if (tabs.length > 0) {
    const wasActive = tabs.some((tab) => tab.isActive && tab.group.isActive);
    await vscode.window.tabGroups.close(tabs);
    if (wasActive) {
      await vscode.window.showTextDocument(rewrite.uri);
    }
  }
}
