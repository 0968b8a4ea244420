// The tests' eyes in the extension host: tells what documents, selections and commands are, over HTTP on loopback.
// It is also another extension that listens to every change, with a mirror of its own.

const http = require('node:http');
const fs = require('node:fs');
const vscode = require('vscode');

/** Text of each document as the change events alone make it. */
const mirrors = new Map();
/** Times of all changes since the last question, in milliseconds. */
let changes = [];

function range({ start, end }) {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function editorOf(path) {
  return vscode.window.visibleTextEditors.find((it) => it.document.uri.fsPath === path);
}

const answers = {
  ready: () => vscode.extensions.getExtension('redline.redline')?.isActive === true,
  async open({ path, beside }) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
    await vscode.window.showTextDocument(document, { preview: false, viewColumn: beside ? -2 : 1 });
    mirrors.set(path, document.getText());
    return document.languageId;
  },
  /** As a person does: no extension holds on to the document when it is closed. */
  show: ({ path }) => vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path), { preview: false }),
  text: ({ path }) => vscode.workspace.textDocuments.find((it) => it.uri.fsPath === path)?.getText(),
  mirror: ({ path }) => mirrors.get(path),
  version: ({ path }) => vscode.workspace.textDocuments.find((it) => it.uri.fsPath === path)?.version,
  async select({ path, start, end }) {
    const editor = editorOf(path);
    const wanted = range({ start, end });
    editor.selection = new vscode.Selection(wanted.start, wanted.end);
    if (!editor.visibleRanges.some((it) => it.contains(wanted.end))) {
      editor.revealRange(wanted, vscode.TextEditorRevealType.InCenter);
    }
    // The screen takes these in order, so once it has answered, the selection is there.
    await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
  },
  reveal({ path, line }) {
    editorOf(path).revealRange(new vscode.Range(line, 0, line, 0), vscode.TextEditorRevealType.AtTop);
  },
  selection: ({ path }) => editorOf(path)?.selection,
  visible: ({ path }) => editorOf(path)?.visibleRanges.map(({ start, end }) => [start.line, end.line]),
  active: () => vscode.window.activeTextEditor?.document.uri.toString(),
  run: ({ command, args }) => vscode.commands.executeCommand(command, ...args),
  async setting({ key, value }) {
    await vscode.workspace.getConfiguration().update(key, value, vscode.ConfigurationTarget.Global);
  },
  diagnostics: ({ path }) =>
    vscode.languages.getDiagnostics(vscode.Uri.file(path)).map(({ source, message }) => ({ source, message })),
  async hover({ path, position }) {
    const at = new vscode.Position(position.line, position.character);
    const hovers = await vscode.commands.executeCommand('vscode.executeHoverProvider', vscode.Uri.file(path), at);
    return hovers.flatMap((it) => it.contents.map((content) => content.value ?? content));
  },
  tabs: () =>
    vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => ({ label: tab.label, active: tab.isActive }))),
  /** What this VS Code can do without us: edits of one line each, one after the other, one per frame at most. */
  async edits({ path, line, count, frame, milliseconds }) {
    const editor = editorOf(path);
    const started = performance.now();
    let done = 0;
    while (performance.now() - started < milliseconds) {
      const began = performance.now();
      const applied = await editor.edit(
        (builder) => {
          for (let at = 0; at < count; at++) {
            const wanted = line + ((done + at) % 30);
            builder.replace(new vscode.Range(wanted, 0, wanted, 12), `edited_${done % 100000}`.padEnd(12, '_'));
          }
        },
        { undoStopBefore: false, undoStopAfter: false },
      );
      done += applied ? 1 : 0;
      const rest = frame - (performance.now() - began);
      if (rest > 1) {
        await new Promise((resolve) => setTimeout(resolve, rest));
      }
    }
    return { done, seconds: (performance.now() - started) / 1000 };
  },
  changes() {
    const told = changes;
    changes = [];
    return told;
  },
};

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      const path = document.uri.fsPath;
      changes.push(...(contentChanges.length > 0 ? [performance.now()] : []));
      let text = mirrors.get(path);
      if (text !== undefined) {
        for (const change of [...contentChanges].sort((a, b) => b.rangeOffset - a.rangeOffset)) {
          text = text.slice(0, change.rangeOffset) + change.text + text.slice(change.rangeOffset + change.rangeLength);
        }
        mirrors.set(path, text);
      }
    }),
  );
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', async () => {
      const { what, argument } = JSON.parse(body);
      const reply = await Promise.resolve()
        .then(() => answers[what](argument ?? {}))
        .then(
          (value) => ({ value }),
          (error) => ({ error: String(error?.message ?? error) }),
        );
      response.end(JSON.stringify(reply));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    fs.writeFileSync(`${process.env.REDLINE_PROBE}.new`, String(server.address().port));
    fs.renameSync(`${process.env.REDLINE_PROBE}.new`, process.env.REDLINE_PROBE);
  });
  context.subscriptions.push({ dispose: () => server.close() });
};
