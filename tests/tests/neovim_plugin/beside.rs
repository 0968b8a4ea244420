//! What else lives in the editor: another language server, inline completion, a large file under a fast stream,
//! the user's view of other places.

use std::time::{Duration, Instant};

use e2e::model_server::{Answer, Gate, ModelServer};
use e2e::neovim::Neovim;
use serde_json::json;

use crate::scene::*;

/// Another server, inside Neovim, that keeps its own copy of the text and completes `fancy`.
const OTHER_SERVER: &str = "
other = { changes = 0 }
vim.lsp.config('other', {
  cmd = function()
    local id = 0
    return {
      request = function(method, params, answer)
        id = id + 1
        if method == 'initialize' then
          answer(nil, { capabilities = {
            positionEncoding = 'utf-16',
            textDocumentSync = { openClose = true, change = 2 },
            inlineCompletionProvider = true,
          } })
        elseif method == 'textDocument/inlineCompletion' then
          answer(nil, { items = { { insertText = 'fancy()', range = {
            start = { line = params.position.line, character = 0 }, ['end'] = params.position,
          } } } })
        else
          answer(nil, nil)
        end
        return true, id
      end,
      notify = function(method, params)
        if method == 'textDocument/didOpen' then
          other.copy = vim.api.nvim_create_buf(false, true)
          vim.api.nvim_buf_set_lines(other.copy, 0, -1, false, vim.split(params.textDocument.text, '\\n'))
        elseif method == 'textDocument/didChange' then
          other.changes = other.changes + 1
          -- Neovim is in the midst of a change here, and would refuse another one.
          vim.schedule(function()
            for _, change in ipairs(params.contentChanges) do
              vim.lsp.util.apply_text_edits(
                { { range = change.range, newText = change.text } }, other.copy, 'utf-16')
            end
          end)
        end
        return true
      end,
      is_closing = function() return false end,
      terminate = function() end,
    }
  end,
})
vim.lsp.enable('other')
";

fn other_copy(neovim: &Neovim) -> String {
    let text = neovim.lua(
        "return table.concat(vim.api.nvim_buf_get_lines(other.copy, 0, -1, false), '\\n')",
        json!([]),
    );
    text.as_str().expect("a text").to_owned()
}

#[test]
fn another_server_keeps_its_own_pace_and_sees_the_same_text() {
    let lines: Vec<String> = (0..60).map(|n| format!("line_{n} = {n}\n")).collect();
    let new: Vec<String> = lines
        .iter()
        .map(|line| line.replace("line", "row"))
        .collect();
    let pieces = new.clone();
    let model = ModelServer::start(move |request| {
        Answer::to(request)
            .paced(Duration::from_millis(8), pieces.clone())
            .actions()
    });
    let neovim = start(&model, "auto");
    neovim.lua(OTHER_SERVER, json!([]));
    open(&neovim, "a.py", &lines.concat());
    neovim.wait_until("other.copy");
    let tick = "return vim.api.nvim_buf_get_changedtick(0)";
    let before = neovim.lua(tick, json!([])).as_i64().expect("a number");
    neovim.ex("%Redline rewrite rename line to row");
    wait_for_state(&neovim, "proposed");
    assert_eq!(neovim.text(), new.concat());
    e2e::wait_until("the other server has the same text", || {
        let copy = other_copy(&neovim);
        if copy == new.concat() {
            Ok(())
        } else {
            Err(copy)
        }
    });
    let edits = neovim.lua(tick, json!([])).as_i64().expect("a number") - before;
    let changes = neovim
        .lua("return other.changes", json!([]))
        .as_i64()
        .expect("a number");
    assert!(
        changes * 2 < edits,
        "{changes} notifications for {edits} changes: its own delay is gone"
    );
    let page = {
        neovim.ex("checkhealth redline");
        neovim.text()
    };
    assert!(
        !page.contains("ERROR") && !page.contains("WARNING"),
        "{page}"
    );
}

#[test]
fn inline_completion_of_another_server_works_beside_a_rewrite() {
    let (_model, neovim) = {
        let (model, gates) = gated_model();
        gates.iter().for_each(Gate::open);
        let neovim = start(&model, "auto");
        neovim.lua(OTHER_SERVER, json!([]));
        open(&neovim, "a.py", &text(&OLD));
        (model, neovim)
    };
    neovim.wait_until("other.copy");
    neovim.lua("vim.lsp.inline_completion.enable(true)", json!([]));
    neovim.ex("3,16Redline rewrite change the numbers");
    wait_for_state(&neovim, "proposed");
    neovim.input("Gofan");
    neovim.lua(
        "vim.keymap.set('i', '<C-y>', function() taken = vim.lsp.inline_completion.get() end)",
        json!([]),
    );
    wait_for_line(&neovim, "\nfan\n");
    // What is suggested comes a moment after the key.
    e2e::wait_until("the suggestion is taken", || {
        neovim.input("<C-y>");
        let text = neovim.text();
        if text.contains("fancy()") {
            Ok(())
        } else {
            Err(text)
        }
    });
    neovim.input("<Esc>");
    neovim.keys("gg");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.py", &format!("{}fancy()\n", text(&NEW)));
}

/// How a large file takes a stream: typed keys are there, the text is right, and Neovim answers at once.
#[track_caller]
fn check_fast_stream(deltas_a_second: u32, n_deltas: usize) {
    let lines: Vec<String> = (0..2_000)
        .map(|n| format!("value_{n} = source({n})\n"))
        .collect();
    let region = 1_000..1_300;
    let new: Vec<String> = lines[region.clone()]
        .iter()
        .enumerate()
        .map(|(at, line)| {
            if at % 3 == 0 {
                line.replace("source", "target")
            } else {
                line.clone()
            }
        })
        .collect();
    let text = new.concat();
    let size = text.len().div_ceil(n_deltas);
    let pieces: Vec<String> = text
        .as_bytes()
        .chunks(size)
        .map(|piece| String::from_utf8_lossy(piece).into_owned())
        .collect();
    let pause = Duration::from_secs(1) / deltas_a_second;
    let model = ModelServer::start(move |request| {
        Answer::to(request).paced(pause, pieces.clone()).actions()
    });
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", &lines.concat());
    neovim.lua(
        "updates = 0
         local edits = require('redline.edits')
         local on_apply = edits.on_apply
         edits.on_apply = function(...)
           local answer = on_apply(...)
           updates = updates + (answer.applied and 1 or 0)
           return answer
         end",
        json!([]),
    );
    neovim.keys("1000GoA line of mine: <Esc>");
    neovim.ex("1002,1301Redline rewrite change the source");
    wait_for_state(&neovim, "streaming");
    let started = Instant::now();
    let mut typed = String::new();
    let mut latencies = Vec::new();
    neovim.input("1001GA");
    while neovim.lua(
        "return require('redline.rewrites').newest(vim.api.nvim_get_current_buf()).view.state",
        json!([]),
    ) == "streaming"
    {
        let key = char::from(b'a' + (typed.len() % 26) as u8);
        typed.push(key);
        let asked = Instant::now();
        neovim.input(&key.to_string());
        let line = format!("A line of mine: {typed}");
        neovim.wait_until(&format!(
            "vim.api.nvim_buf_get_lines(0, 1000, 1001, false)[1] == '{line}'"
        ));
        latencies.push(asked.elapsed());
        // Twenty keys a second: nobody types faster, and each key makes the edit under way one for an old version.
        neovim.wait_until(&format!("vim.uv.hrtime() > {}", {
            let now = neovim.lua("return vim.uv.hrtime()", json!([]));
            now.as_u64().expect("a number") + 45_000_000
        }));
    }
    let seconds = started.elapsed().as_secs_f64();
    let updates = neovim
        .lua("return updates", json!([]))
        .as_f64()
        .expect("a number");
    neovim.input("<Esc>");
    wait_for_state(&neovim, "proposed");
    let mut expected = lines;
    expected.splice(region, new);
    expected.insert(1_000, format!("A line of mine: {typed}\n"));
    assert_eq!(neovim.text(), expected.concat());
    latencies.sort_unstable();
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize];
    println!(
        "{deltas_a_second} deltas a second for {seconds:.1} s: {:.0} updates a second, {} keys, input latency p50 {:?}, p99 {:?}",
        updates / seconds,
        typed.len(),
        at(0.5),
        at(0.99)
    );
    assert!(
        typed.len() > 10,
        "the stream lasted long enough to type in it"
    );
    // A busy machine is slower than the 50 ms that a person may notice; a hang is what this would catch.
    assert!(at(0.9) < Duration::from_millis(250), "{latencies:?}");
    neovim.ex("1100Redline accept");
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.py", &expected.concat());
}

#[test]
fn two_thousand_lines_at_240_deltas_a_second() {
    check_fast_stream(240, 300);
}

#[test]
fn two_thousand_lines_at_1000_deltas_a_second() {
    check_fast_stream(1_000, 800);
}

#[test]
fn the_cursor_and_the_view_stay_where_they_are() {
    let lines: Vec<String> = (0..200).map(|n| format!("line {n}\n")).collect();
    let new: String = (50..60)
        .map(|n| format!("first {n}\nsecond {n}\n"))
        .collect();
    let gate = Gate::new();
    let (held, answer) = (gate.clone(), new);
    let model = ModelServer::start(move |request| {
        Answer::to(request)
            .pieces(answer.split_inclusive('\n'))
            .hold(&held)
            .actions()
    });
    for at in [55, 57, 20, 120] {
        let neovim = start(&model, "auto");
        open(&neovim, "a.txt", &lines.concat());
        neovim.keys(&format!("{}Gzz3|", at + 1));
        neovim.ex("51,60Redline rewrite double each");
        let view = "local view = vim.fn.winsaveview()
             return { vim.fn.getline('.'), view.col, vim.fn.getline(view.topline) }";
        let before = neovim.lua(view, json!([]));
        gate.open();
        wait_for_state(&neovim, "proposed");
        let after = neovim.lua(view, json!([]));
        if !(50..60).contains(&at) {
            assert_eq!(before, after, "the cursor in line {at}");
        }
        neovim.ex("51Redline reject");
        wait_for_state(&neovim, "rejected");
        let rejected = neovim.lua(view, json!([]));
        if !(50..60).contains(&at) {
            assert_eq!(before, rejected, "the cursor in line {at} after the reject");
        }
    }
}
