// The language client: how it is set up, and typed calls of the server's commands.

import * as vscode from 'vscode';
import {
  type CodeAction,
  CodeActionRequest,
  type ConfigurationParams,
  ExecuteCommandRequest,
  type InitializeParams,
  type Position,
  type Range,
  RevealOutputChannelOn,
  type StaticFeature,
} from 'vscode-languageclient';
import { LanguageClient } from 'vscode-languageclient/node';
import type { LiveEdits } from './live_edits';
import { type Decided, REWRITE_CHANGED, type RewriteChanged, type Started, type Status } from './lsp_ext';
import type { Rewrites } from './rewrites';
import type { ServerBinary } from './server';
import { explicitSettings } from './settings';

/** Says what this client can do beyond LSP. */
const capabilities: StaticFeature = {
  fillClientCapabilities(capabilities) {
    const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
    // What runs is shown at its place and in the status bar; another sign that turns would cost a frame at each turn.
    capabilities.window = { ...capabilities.window, workDoneProgress: false };
    experimental.redline = { events: true, joinsUndo: true };
    capabilities.experimental = experimental;
  },
  fillInitializeParams(_: InitializeParams) {},
  initialize() {},
  getState: () => ({ kind: 'static' }),
  clear() {},
};

/** Which rewrite a command means, and which of its changes. */
export interface Which {
  rewrite: number;
  hunk?: number;
}

export class Client {
  private readonly client: LanguageClient;

  constructor(
    context: vscode.ExtensionContext,
    binary: ServerBinary,
    output: vscode.LogOutputChannel,
    rewrites: Rewrites,
    edits: LiveEdits,
  ) {
    const run = { command: binary.command, args: ['lsp'] };
    this.client = new LanguageClient('redline', 'Redline', run, {
      documentSelector: [{ scheme: 'file' }],
      outputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: { ...explicitSettings(context), client: 'vscode' },
      middleware: {
        workspace: {
          configuration: (params: ConfigurationParams) =>
            params.items.map((item) => (item.section === 'redline' ? explicitSettings(context) : null)),
          handleApplyEdit: async (params, next) =>
            (await edits.apply(params)) ?? next(params, new vscode.CancellationTokenSource().token),
        },
      },
    });
    this.client.registerFeature(capabilities);
    this.client.onNotification(REWRITE_CHANGED, (said: RewriteChanged) => rewrites.take(said));
    this.client.onDidChangeState(() => rewrites.clear());
  }

  start(): Promise<void> {
    return this.client.start();
  }

  async stop(): Promise<void> {
    if (this.client.needsStop()) {
      await this.client.dispose();
    }
  }

  /** Tells the server to ask for its settings again. */
  async settingsChanged(): Promise<void> {
    if (this.client.isRunning()) {
      await this.client.sendNotification('workspace/didChangeConfiguration', { settings: null });
    }
  }

  rewrite(argument: { uri: string; range: Range; version: number } & Ask): Promise<Started> {
    return this.command('redline.rewrite', argument);
  }

  accept(which: Which): Promise<Decided> {
    return this.command('redline.accept', which);
  }

  reject(which: Which): Promise<Decided> {
    return this.command('redline.reject', which);
  }

  interrupt(which: Which): Promise<void> {
    return this.command('redline.interrupt', which);
  }

  redirect(which: Which, instruction: string): Promise<Started> {
    return this.command('redline.redirect', { ...which, instruction });
  }

  retry(which: Which | { uri: string; position: Position }): Promise<Started> {
    return this.command('redline.retry', which);
  }

  status(): Promise<Status> {
    return this.command('redline.status');
  }

  /** What the server offers to do with a selection, in its order. */
  async offers(uri: string, range: Range): Promise<CodeAction[]> {
    const context = { diagnostics: [], only: ['refactor.rewrite'] };
    const found = await this.client.sendRequest(CodeActionRequest.type, {
      textDocument: { uri },
      range,
      context,
    });
    return (found ?? []).filter((it): it is CodeAction => typeof it.command === 'object');
  }

  private command<T>(command: string, argument?: object): Promise<T> {
    const params = { command, arguments: argument ? [argument] : [] };
    return this.client.sendRequest(ExecuteCommandRequest.type, params) as Promise<T>;
  }
}

/** What to do: in words, by a preset's name, or as the comment at the selection says. */
export type Ask = { instruction: string } | { preset: string } | { comment: true };
