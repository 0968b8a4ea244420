// Where the extension begins and ends: its parts, made once and tied together.

import * as vscode from 'vscode';
import { Client } from './client';
import { registerCommands } from './commands';
import { DiffView } from './diff_view';
import { Drawing } from './drawing';
import { LiveEdits } from './live_edits';
import { isOver, isRunning } from './lsp_ext';
import { Rewrites } from './rewrites';
import { findServer } from './server';
import { StatusBar } from './status';

let client: Client | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Redline', { log: true });
  const rewrites = new Rewrites();
  const drawing = new Drawing(rewrites);
  const edits = new LiveEdits((uri) => drawing.beforeEdit(uri));
  const statusBar = new StatusBar(() => client, rewrites);
  const diffView = new DiffView(rewrites);
  context.subscriptions.push(output, rewrites, drawing, statusBar, diffView);
  context.subscriptions.push(
    rewrites.onDidChange(({ id, said }) => {
      if (!isRunning(said.state)) {
        edits.close(id);
      }
      // A failure is told by the server itself.
      if (isOver(said.state) && said.state !== 'failed' && said.message) {
        vscode.window.setStatusBarMessage(`Redline: ${said.message}`, 6000);
      }
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => edits.forget(uri)),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('redline.path')) {
        await restart();
      } else if (event.affectsConfiguration('redline')) {
        await client?.settingsChanged();
      }
    }),
  );

  const start = async () => {
    const binary = findServer(context);
    output.info(`starting ${binary.command}, from ${binary.origin}`);
    const starting = new Client(context, binary, output, rewrites, edits);
    try {
      await starting.start();
      client = starting;
    } catch (error) {
      output.error(`the server does not start: ${error}`);
      void complain(binary.origin);
    }
    await statusBar.refresh();
  };
  const restart = async () => {
    const stopping = client;
    client = undefined;
    await stopping?.stop();
    await start();
  };

  registerCommands({ context, client: () => client, rewrites, diffView, statusBar, output, restart });
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function complain(origin: string): Promise<void> {
  const choice = await vscode.window.showErrorMessage(
    `Redline's server does not start (from ${origin}). Install it, or set redline.path.`,
    'Show Log',
    'Settings',
  );
  if (choice === 'Show Log') {
    await vscode.commands.executeCommand('redline.showLog');
  } else if (choice === 'Settings') {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'redline.path');
  }
}
