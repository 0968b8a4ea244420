// What the user has set in VS Code, as the server takes it. Defaults are the server's own: a value that nobody
// has set in VS Code must not stand above the user's own file.

import * as vscode from 'vscode';

/** Settings of the extension itself, which the server does not know. */
const OWN = new Set(['path', 'trace.server', 'showRemovedText']);

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> } };
}

/** The section `redline` with what has been set, and nothing else. */
export function explicitSettings(context: vscode.ExtensionContext): Record<string, unknown> {
  const manifest = context.extension.packageJSON as Manifest;
  const configuration = vscode.workspace.getConfiguration('redline');
  const section: Record<string, unknown> = {};
  for (const full of Object.keys(manifest.contributes.configuration.properties)) {
    const key = full.slice('redline.'.length);
    const found = OWN.has(key) ? undefined : configuration.inspect(key);
    if (found && (found.globalValue ?? found.workspaceValue ?? found.workspaceFolderValue) !== undefined) {
      put(section, key.split('.'), configuration.get(key));
    }
  }
  return section;
}

function put(section: Record<string, unknown>, path: string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) {
    return;
  }
  if (rest.length === 0) {
    section[head] = value;
    return;
  }
  const inner = section[head];
  const group = (typeof inner === 'object' && inner !== null ? inner : {}) as Record<string, unknown>;
  section[head] = group;
  put(group, rest, value);
}
