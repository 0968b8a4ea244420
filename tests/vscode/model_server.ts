// A model server for the tests: Responses over WebSocket, each answer told by the test, piece by piece.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Request {
  /** Counts the requests for text, from 0. */
  index: number;
  body: Record<string, unknown>;
  /** The whole input as one text, to look for words in. */
  input: string;
}

export type Answer = AsyncIterable<string> | Iterable<string>;

export class ModelServer {
  /** What is answered from now on. */
  answer: (request: Request) => Answer;
  readonly requests: Request[] = [];
  private readonly server: WebSocketServer;
  private responses = 0;

  private constructor(server: WebSocketServer, answer: (request: Request) => Answer) {
    this.server = server;
    this.answer = answer;
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const body = JSON.parse(data.toString()) as Record<string, unknown>;
        if (body.type === 'response.create') {
          void this.respond(socket, body);
        }
      });
      socket.on('error', () => socket.terminate());
    });
  }

  static async start(answer: (request: Request) => Answer = () => []): Promise<ModelServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await once(server, 'listening');
    return new ModelServer(server, answer);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/responses`;
  }

  stop(): void {
    for (const socket of this.server.clients) {
      socket.terminate();
    }
    this.server.close();
  }

  private async respond(socket: WebSocket, body: Record<string, unknown>): Promise<void> {
    const id = `resp_${++this.responses}`;
    const item = `msg_${this.responses}`;
    let number = 0;
    const send = (event: object) => {
      const lane = body.stream_id === undefined ? {} : { stream_id: body.stream_id };
      socket.send(JSON.stringify({ ...event, ...lane, sequence_number: number++ }));
    };
    const object = (status: string, output: object[], tokens: number) => ({
      id,
      object: 'response',
      created_at: 1_790_000_000,
      status,
      model: body.model ?? 'test',
      output,
      parallel_tool_calls: true,
      tool_choice: 'auto',
      tools: [],
      store: false,
      error: null,
      incomplete_details: null,
      usage:
        status === 'in_progress'
          ? null
          : {
              input_tokens: 10,
              input_tokens_details: { cached_tokens: 0 },
              output_tokens: tokens,
              output_tokens_details: { reasoning_tokens: 0 },
              total_tokens: 10 + tokens,
            },
    });
    const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
    const message = (status: string, content: object[]) => ({
      id: item,
      type: 'message',
      status,
      role: 'assistant',
      content,
    });
    const place = { item_id: item, output_index: 0, content_index: 0 };
    send({ type: 'response.created', response: object('in_progress', [], 0) });
    send({ type: 'response.in_progress', response: object('in_progress', [], 0) });
    if (body.generate === false) {
      send({ type: 'response.completed', response: object('completed', [], 0) });
      return;
    }
    const request = { index: this.requests.length, body, input: JSON.stringify(body.input) };
    this.requests.push(request);
    send({ type: 'response.output_item.added', output_index: 0, item: message('in_progress', []) });
    send({ type: 'response.content_part.added', ...place, part: part('') });
    let text = '';
    let deltas = 0;
    for await (const delta of this.answer(request)) {
      if (socket.readyState !== socket.OPEN) {
        return;
      }
      text += delta;
      deltas++;
      send({ type: 'response.output_text.delta', ...place, delta, logprobs: [] });
    }
    const done = message('completed', [part(text)]);
    send({ type: 'response.output_text.done', ...place, text, logprobs: [] });
    send({ type: 'response.content_part.done', ...place, part: part(text) });
    send({ type: 'response.output_item.done', output_index: 0, item: done });
    send({ type: 'response.completed', response: object('completed', [done], deltas) });
  }
}

/** `text` in pieces of `size` characters, `perSecond` of them, as a model with that pace writes it. */
export async function* paced(text: string, size: number, perSecond: number): AsyncIterable<string> {
  const started = performance.now();
  for (let at = 0, sent = 0; at < text.length; at += size, sent++) {
    const wait = started + (sent * 1000) / perSecond - performance.now();
    // A model's pace is time itself; there is nothing to wait on.
    if (wait > 1) {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    yield text.slice(at, at + size);
  }
}
