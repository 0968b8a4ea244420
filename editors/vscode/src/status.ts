// The status bar item (model, latency, what runs and waits), and the context keys that key bindings go by.

import * as vscode from 'vscode';
import type { Client } from './client';
import { activeFile } from './diff_view';
import { isOver, isRunning, type Status } from './lsp_ext';
import type { Rewrite, Rewrites } from './rewrites';

/** How often the connection is asked for while nothing else happens. */
const REFRESH_MS = 30_000;

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('redline', vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[];
  private readonly timer: NodeJS.Timeout;
  private status: Status | undefined;
  private firstText: number | undefined;
  private context = '';
  private shown = '';

  constructor(
    private readonly client: () => Client | undefined,
    private readonly rewrites: Rewrites,
  ) {
    this.item.name = 'Redline';
    this.item.command = 'redline.showStatus';
    this.timer = setInterval(() => {
      if (vscode.window.state.focused) {
        void this.refresh();
      }
    }, REFRESH_MS);
    this.subscriptions = [
      this.item,
      rewrites.onDidChange((rewrite) => this.follow(rewrite)),
      vscode.window.onDidChangeActiveTextEditor(() => this.setContext()),
    ];
    this.draw();
    this.item.show();
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  async refresh(): Promise<Status | undefined> {
    try {
      this.status = await this.client()?.status();
    } catch {
      this.status = undefined;
    }
    this.draw();
    return this.status;
  }

  private follow(rewrite: Rewrite): void {
    const { timings, state } = rewrite.said;
    this.firstText = timings.firstDelta ?? this.firstText;
    this.setContext();
    this.draw();
    if (!isRunning(state) && (isOver(state) || timings.decided === undefined)) {
      void this.refresh();
    }
  }

  private setContext(): void {
    const uri = activeFile();
    const here = uri ? this.rewrites.in(uri) : [];
    const keys = {
      'redline.streaming': here.some((it) => isRunning(it.said.state)),
      'redline.pending': here.some((it) => !isRunning(it.said.state)),
      'redline.active': here.length > 0,
    };
    const context = JSON.stringify(keys);
    if (context === this.context) {
      return;
    }
    this.context = context;
    for (const [key, value] of Object.entries(keys)) {
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }

  private draw(): void {
    const running = this.rewrites.running().length;
    const waiting = this.rewrites.waiting().length;
    const { status } = this;
    const model = status?.model ?? 'Redline';
    // It does not turn: VS Code would draw a frame for each turn, as long as anything runs.
    const icon = running > 0 ? '$(sync)' : status?.connection === 'unreachable' ? '$(warning)' : '$(edit)';
    const latency = this.firstText === undefined ? '' : ` ${Math.round(this.firstText)} ms`;
    const shown = JSON.stringify([icon, status, latency, running, waiting]);
    // Told again, VS Code would draw it again, with each piece of a stream.
    if (shown === this.shown) {
      return;
    }
    this.shown = shown;
    this.item.text = `${icon} ${model}${latency}${waiting > 0 ? ` · ${waiting} to decide` : ''}`;
    this.item.accessibilityInformation = {
      label: `Redline, ${model}, ${running} running, ${waiting} to decide`,
    };
    this.item.tooltip = this.tooltip();
    if (status?.connection === 'unreachable') {
      this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    } else {
      this.item.backgroundColor = undefined;
    }
  }

  private tooltip(): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString('**Redline**\n\n');
    const row = (name: string, value: unknown) => {
      if (value !== undefined && value !== null && value !== '') {
        tooltip.appendMarkdown(`${name}: `);
        tooltip.appendText(typeof value === 'object' ? JSON.stringify(value) : String(value));
        tooltip.appendMarkdown('  \n');
      }
    };
    row('Connection', this.status?.connection ?? 'not running');
    row('Problem', this.status?.problem);
    row('Model', this.status?.model);
    row('Server', this.status?.url);
    row('Quota', this.status?.quota);
    row('First text after', this.firstText === undefined ? undefined : `${Math.round(this.firstText)} ms`);
    return tooltip;
  }
}
