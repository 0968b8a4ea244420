"""Drives the embedded server with the official SDK and checks every event against its schema.

Arguments: the address up to /v1 of a server with rules, and of one whose script fails. Exits with 1 and the reasons when anything is off.
"""

import collections
import json
import sys
import urllib.request

import pydantic
from openai import OpenAI
from openai.types.chat import ChatCompletionChunk
from openai.types.responses.responses_server_event import ResponsesServerEvent

SCHEMA = pydantic.TypeAdapter(ResponsesServerEvent)
# Sent by the service and by us, but not in the SDK's schema.
UNTYPED = {
    "response.interrupt.accepted",
    "response.interrupt.failed",
    "response.output_item.interrupted",
}
TERMINAL = {"response.completed", "response.incomplete", "response.failed", "error"}

base = sys.argv[1]
client = OpenAI(api_key="none", base_url=base, max_retries=0)
seen = collections.Counter()
failures = []


def check(data):
    event = json.loads(data)
    seen[event["type"]] += 1
    if event["type"] in UNTYPED:
        return event
    if event.get("response", {}).get("incomplete_details", {}) == {"reason": "interrupted"}:
        # A reason of the wire that the SDK's list of literals lacks.
        event["response"]["incomplete_details"]["reason"] = "steered"
        data = json.dumps(event)
    try:
        SCHEMA.validate_json(data)
    except pydantic.ValidationError as error:
        failures.append(f"{event['type']}: {error}")
    return event


def expect(what, got, wanted):
    if got != wanted:
        failures.append(f"{what}: {got!r} instead of {wanted!r}")


def prompt(region, instruction):
    return (
        f"Language: rust\n\n<region>\n{region}\n</region>\n\n"
        f"<instruction>\n{instruction}\n</instruction>\n"
    )


def text_of(events):
    return "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")


REGION = "// old\nlet total = 1;\n" * 40
WANTED = "let sum = 1;\n" * 40

def response():
    events = []
    while True:
        event = check(connection.recv_bytes())
        events.append(event)
        if event["type"] in TERMINAL:
            return events


with client.responses.connect() as connection:
    connection.response.create(
        generate=False, input=[], instructions="rewrite code", model="m", store=False, tools=[]
    )
    warm = response()[-1]["response"]["id"]

    connection.response.create(
        model="m",
        input=[{"type": "message", "role": "user",
                "content": [{"type": "input_text", "text": prompt(REGION, "remove comments")}]}],
        instructions="rewrite code",
        previous_response_id=warm,
        max_output_tokens=5000,
        prompt_cache_key="k1",
        reasoning={"effort": "none"},
        service_tier="priority",
        store=False,
        stream_id="edit.1",
        text={"verbosity": "low"},
    )
    events = response()
    expect("text", text_of(events).replace("total", "sum"), WANTED)
    expect("lane", {e.get("stream_id") for e in events}, {"edit.1"})
    expect("numbers", [e["sequence_number"] for e in events], list(range(len(events))))

    connection.response.create(
        model="m", input="rename total to sum", previous_response_id=events[-1]["response"]["id"],
        stream_id="edit.1", store=False,
    )
    expect("continued", "let sum" in text_of(response()), True)

    connection.response.create(model="m", input=prompt(REGION, "make it nicer"), store=False)
    events = response()
    refused = "".join(e["delta"] for e in events if e["type"] == "response.refusal.delta")
    expect("refusal", "embedded rule engine" in refused, True)

    connection.response.create(
        model="m", input=prompt(REGION, "sort lines"), store=False, max_output_tokens=5
    )
    expect("cut", response()[-1]["response"]["incomplete_details"], {"reason": "max_output_tokens"})

    connection.response.create(model="m", input="x", previous_response_id="resp_nope", store=False)
    expect("unknown parent", response()[-1]["error"]["code"], "previous_response_not_found")

    connection.response.create(model="m", input="x", stream_id="no spaces", store=False)
    expect("lane name", response()[-1]["error"]["code"], "invalid_stream_id")

    connection.send_raw(json.dumps({"type": "response.steer", "previous_response_id": "r", "input": "x"}))
    expect("steer", check(connection.recv_bytes())["error"]["code"], "steering_not_supported")

    connection.response.create(model="m", input=prompt(REGION * 20, "sort lines"), store=False)
    created = check(connection.recv_bytes())
    connection.send_raw(
        json.dumps({"type": "response.interrupt", "response_id": created["response"]["id"],
                    "mode": "discard_partial_items"})
    )
    expect("interrupted", response()[-1]["response"]["incomplete_details"], {"reason": "steered"})


with OpenAI(api_key="none", base_url=sys.argv[2]).responses.connect() as connection:
    for kind in ("response.failed", "error"):
        connection.response.create(model="m", input=kind, store=False)
        expect("fault", response()[-1]["type"], kind)

# Server-sent events: once through the SDK, once as bytes against the schema.
text = ""
for event in client.responses.create(
    model="m", input=prompt(REGION, "remove comments"), stream=True, store=False
):
    if event.type == "response.output_text.delta":
        text += event.delta
expect("text by POST", text.replace("total", "sum"), WANTED)

body = json.dumps({"model": "m", "input": prompt(REGION, "sort lines"), "stream": True, "store": False})
request = urllib.request.Request(
    base + "/responses", data=body.encode(), headers={"Content-Type": "application/json"}
)
with urllib.request.urlopen(request) as answer:
    expect("content type", answer.headers["Content-Type"], "text/event-stream")
    kind = None
    for line in answer.read().decode().splitlines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            expect("event field", check(line.removeprefix("data: "))["type"], kind)

# Chat completions: through the SDK, each chunk against its schema.
text, usage, finish = "", None, None
for chunk in client.chat.completions.create(
    model="m",
    messages=[{"role": "user", "content": prompt(REGION, "remove comments")}],
    stream=True,
    stream_options={"include_usage": True},
):
    ChatCompletionChunk.model_validate(chunk.to_dict(), strict=False)
    usage = chunk.usage or usage
    for choice in chunk.choices:
        text += choice.delta.content or ""
        finish = choice.finish_reason or finish
expect("text of the chat", text.replace("total", "sum"), WANTED)
expect("end of the chat", finish, "stop")
expect("usage of the chat", usage is not None and usage.completion_tokens > 0, True)

print(json.dumps({"events": sum(seen.values()), "kinds": dict(sorted(seen.items()))}))
if failures:
    sys.exit("\n".join(failures))
