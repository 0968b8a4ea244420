// Asking the user what to do with a selection: free text with history, and what the server offers there.

import * as vscode from 'vscode';
import type { CodeAction } from 'vscode-languageclient';
import { chosen, type Entry } from './choice';
import type { Ask } from './client';

const HISTORY = 'redline.instructions';
const MOST_REMEMBERED = 50;
const MOST_SHOWN = 8;

interface Item extends vscode.QuickPickItem, Entry<Ask> {}

const FORGET: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('close'),
  tooltip: 'Forget this instruction',
};

/** Nothing when the user changed their mind. */
export async function ask(
  memory: vscode.Memento,
  title: string,
  offers: Promise<CodeAction[]>,
): Promise<Ask | undefined> {
  const input = vscode.window.createQuickPick<Item>();
  input.title = title;
  input.placeholder = 'Say what to do, or choose (↑↓)';
  input.matchOnDetail = true;
  let offered: Item[] | undefined;
  const show = () => {
    const typed: Item[] = input.value.trim()
      ? [{ label: `$(arrow-right) ${input.value.trim()}`, alwaysShow: true }]
      : [];
    // Entries that came between others would be taken by an Enter that was meant for those.
    input.items = offered
      ? [...typed, ...section('Presets', fresh(offered)), ...section('Before', past())]
      : typed;
  };
  const past = () =>
    remembered(memory)
      .slice(0, input.value ? MOST_REMEMBERED : MOST_SHOWN)
      .map<Item>((instruction) => ({
        label: instruction,
        iconPath: new vscode.ThemeIcon('history'),
        buttons: [FORGET],
        choice: { instruction },
      }));
  const offer = (items: Item[]) => {
    offered = items;
    input.busy = false;
    show();
  };
  input.busy = true;
  // Free text and what was asked before work without the offers.
  void offers.then(
    (actions) => offer(actions.flatMap(toItem)),
    () => offer([]),
  );
  const answer = await new Promise<Ask | undefined>((resolve) => {
    input.onDidChangeValue(show);
    input.onDidTriggerItemButton(({ item }) => {
      void forget(memory, item.label).then(show);
    });
    input.onDidAccept(() => {
      const typed = input.value.trim();
      const choice = chosen(input.activeItems[0], input.items, typed);
      resolve(choice ?? (typed ? { instruction: typed } : undefined));
    });
    input.onDidHide(() => resolve(undefined));
    input.show();
  });
  input.dispose();
  if (answer && 'instruction' in answer) {
    await remember(memory, answer.instruction);
  }
  return answer;
}

/** Each list has entries of its own, so that one of a list before is known. */
const fresh = (items: Item[]): Item[] => items.map((it) => ({ ...it }));

function section(label: string, items: Item[]): Item[] {
  return items.length > 0 ? [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items] : [];
}

function toItem(action: CodeAction): Item[] {
  const argument = action.command?.arguments?.[0] as { preset?: string; comment?: boolean } | undefined;
  const label = action.title.replace(/^Redline: /, '');
  if (argument?.comment) {
    return [{ label, iconPath: new vscode.ThemeIcon('comment'), choice: { comment: true } }];
  }
  return argument?.preset
    ? [{ label, iconPath: new vscode.ThemeIcon('sparkle'), choice: { preset: argument.preset } }]
    : [];
}

function remembered(memory: vscode.Memento): string[] {
  return memory.get<string[]>(HISTORY, []);
}

async function remember(memory: vscode.Memento, instruction: string): Promise<void> {
  const others = remembered(memory).filter((it) => it !== instruction);
  await memory.update(HISTORY, [instruction, ...others].slice(0, MOST_REMEMBERED));
}

async function forget(memory: vscode.Memento, instruction: string): Promise<void> {
  await memory.update(
    HISTORY,
    remembered(memory).filter((it) => it !== instruction),
  );
}
