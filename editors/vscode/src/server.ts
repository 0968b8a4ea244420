// Which server binary to start: the setting, else the one in the extension, else the one on PATH.

import { existsSync } from 'node:fs';
import * as path from 'node:path';
import type * as vscode from 'vscode';
import { workspace } from 'vscode';

const NAME = process.platform === 'win32' ? 'redline.exe' : 'redline';

export interface ServerBinary {
  command: string;
  /** For people: where it was found. */
  origin: string;
}

export function findServer(context: vscode.ExtensionContext): ServerBinary {
  const configured = workspace.getConfiguration('redline').get<string>('path')?.trim();
  if (configured) {
    return { command: configured, origin: 'the setting redline.path' };
  }
  const bundled = path.join(context.extensionPath, 'server', NAME);
  if (existsSync(bundled)) {
    return { command: bundled, origin: 'the extension' };
  }
  return { command: NAME, origin: 'PATH' };
}
