// OpenAI's SDK for Node as a client of the embedded server, on all three wires.
// Arguments: the address up to /v1, and the folder of the packages. Prints how often each kind of event came over
// the WebSocket; ends with 1 and the reasons when anything is off.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const [base, packages] = process.argv.slice(2);
const load = createRequire(`${packages}/`);
const { OpenAI } = load('openai');
const { ResponsesWS } = load('openai/resources/responses/ws');

const client = new OpenAI({ apiKey: 'none', baseURL: base, maxRetries: 0 });
const seen = {};

const ask = (region, instruction) =>
  `Language: rust\n\n<region>\n${region}\n</region>\n\n<instruction>\n${instruction}\n</instruction>\n`;
const RENAME = ask('let total = a + total;', 'rename total to sum');
const RENAMED = 'let sum = a + sum;';

const ws = new ResponsesWS(client);
const events = ws[Symbol.asyncIterator]();

/** The events of one request, up to its end; `each` sees them as they come. */
async function answer(request, each = () => {}) {
  ws.send({ type: 'response.create', model: 'm', store: false, ...request });
  const all = [];
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, 'the connection closed');
    if (value.type === 'error') {
      seen.error = (seen.error ?? 0) + 1;
      return [{ type: 'error', error: value.error }];
    }
    if (value.type !== 'message') continue;
    const event = value.message;
    seen[event.type] = (seen[event.type] ?? 0) + 1;
    all.push(event);
    each(event);
    if (['response.completed', 'response.incomplete', 'response.failed', 'error'].includes(event.type)) return all;
  }
}

const text = (all) => all.filter((it) => it.type === 'response.output_text.delta').map((it) => it.delta).join('');
const inOrder = (all) => {
  const numbers = all.map((it) => it.sequence_number);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
};

const warm = await answer({ generate: false, instructions: 'Rewrite.', input: [] });
assert.equal(text(warm), '');
const first = await answer({ previous_response_id: warm.at(-1).response.id, instructions: 'Rewrite.', input: RENAME });
assert.equal(text(first), RENAMED);
inOrder(first);
assert.equal(first.at(-1).response.output[0].content[0].text, RENAMED);
assert.ok(first.at(-1).response.usage.output_tokens > 0);

const lane = await answer({ stream_id: 'edit.1', input: RENAME });
assert.equal(text(lane), RENAMED);
assert.ok(lane.every((it) => it.stream_id === 'edit.1'));

const long = ask('let total = 1;\n'.repeat(2000), 'rename total to sum');
let asked = false;
let stoppedId;
const stopped = await answer({ input: long }, (event) => {
  if (event.type === 'response.output_text.delta' && !asked) {
    asked = true;
    ws.send({ type: 'response.interrupt', response_id: stoppedId, mode: 'discard_partial_items' });
  } else if (event.type === 'response.created') {
    stoppedId = event.response.id;
  }
});
assert.equal(stopped.at(-1).type, 'response.incomplete');
assert.ok(text(stopped).length < 2000 * 12);

const unknown = await answer({ input: 'x', previous_response_id: 'resp_nope' });
assert.equal(unknown.at(-1).type, 'error');
const { error } = unknown.at(-1);
assert.match(`${error.message} ${JSON.stringify(error.error)}`, /previous_response_not_found/);
assert.equal(text(await answer({ input: RENAME })), RENAMED);
ws.close();

const streamed = [];
for await (const event of await client.responses.create({ model: 'm', input: RENAME, stream: true })) streamed.push(event);
assert.equal(text(streamed), RENAMED);
assert.equal(streamed.at(-1).type, 'response.completed');
inOrder(streamed);

let chat = '';
const messages = [{ role: 'user', content: RENAME }];
for await (const chunk of await client.chat.completions.create({ model: 'm', messages, stream: true })) {
  chat += chunk.choices[0]?.delta?.content ?? '';
}
assert.equal(chat, RENAMED);

console.log(JSON.stringify(seen));
process.exit(0);
