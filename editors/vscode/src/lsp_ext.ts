// What Redline says beyond LSP, as in docs/lsp-extensions.md: shapes only, no behaviour.

import type { Range } from 'vscode-languageclient';

export type RewriteState =
  | 'requested'
  | 'streaming'
  | 'proposed'
  | 'interrupted'
  | 'accepted'
  | 'rejected'
  | 'failed'
  | 'stale';

export type HunkState = 'pending' | 'accepted' | 'rejected' | 'conflict';

export type ApplyMode = 'live' | 'once' | 'preview';

export interface HunkParams {
  index: number;
  state: HunkState;
  range: Range;
  oldText: string;
  newText: string;
}

/** Milliseconds since the request; what has not happened is absent. */
export interface Timings {
  requested: number;
  sent?: number;
  firstDelta?: number;
  firstEdit?: number;
  lastDelta?: number;
  proposed?: number;
  decided?: number;
}

/** Parameters of the notification `redline/rewriteChanged`. */
export interface RewriteChanged {
  rewrite: number;
  uri: string;
  version: number;
  state: RewriteState;
  region: Range;
  apply: ApplyMode;
  instruction: string;
  hunks: HunkParams[];
  guards: { guard: string; verdict: string; message: string }[];
  tokens: { input: number; cached: number; output: number; estimated?: boolean };
  timings: Timings;
  bytes?: { sent: number; received: number; saved: number };
  message?: string;
}

/** Answer of `redline.rewrite`, `redline.redirect` and `redline.retry`. */
export interface Started {
  rewrite: number;
  region: Range;
}

/** Answer of `redline.accept` and `redline.reject`. */
export interface Decided {
  rewrite: number;
  state: RewriteState;
  remaining: number;
}

/** Answer of `redline.status`. A quota's form is the server's; it is shown as it comes. */
export interface Status {
  connection: 'starting' | 'connecting' | 'ready' | 'unreachable';
  problem?: string | null;
  url?: string | null;
  model?: string | null;
  quota?: unknown;
  timings?: Timings | null;
  queue: number;
  documents: number;
}

export const REWRITE_CHANGED = 'redline/rewriteChanged';

/** Edits of ours carry a label that begins so, followed by the ids of their rewrites. */
export const LABEL = 'redline:';

export function isOver(state: RewriteState): boolean {
  return state === 'accepted' || state === 'rejected' || state === 'failed' || state === 'stale';
}

export function isRunning(state: RewriteState): boolean {
  return state === 'requested' || state === 'streaming';
}
