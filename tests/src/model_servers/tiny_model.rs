//! A language model in a file, small enough to be written by a test: whatever it is asked, it says the same
//! lines and stops. The engine that runs it does all that it does for a large one.

use std::io;
use std::path::Path;

/// The width of a layer; also the most lines that can be said, and one.
const WIDTH: usize = 32;
/// Unknown, begin and end of text, and all bytes, as which every prompt is read.
const SPECIAL: usize = 3;
const BYTES: usize = 256;
const END: usize = 2;

/// Writes a model that says `lines`, each with its line end, as a GGUF file of about 100 KB.
///
/// Its one layer adds nothing, so that the next token follows from the last one alone: the lines are tokens,
/// each points at the next, and everything else points at the first.
///
/// # Errors
/// When the file cannot be written.
///
/// # Panics
/// With more lines than it can hold.
pub fn write(path: &Path, lines: &[&str]) -> io::Result<()> {
    assert!(lines.len() < WIDTH, "at most {} lines", WIDTH - 1);
    let tokens = SPECIAL + BYTES + lines.len();
    let mut file = Gguf::default();
    file.text("general.architecture", "llama");
    file.text("general.name", "tiny");
    for (key, value) in [
        ("llama.context_length", 32_768),
        ("llama.embedding_length", WIDTH as u32),
        ("llama.block_count", 1),
        ("llama.feed_forward_length", WIDTH as u32),
        ("llama.attention.head_count", 1),
        ("llama.vocab_size", tokens as u32),
        ("tokenizer.ggml.unknown_token_id", 0),
        ("tokenizer.ggml.bos_token_id", 1),
        ("tokenizer.ggml.eos_token_id", END as u32),
    ] {
        file.number(key, value);
    }
    file.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
    file.text("tokenizer.ggml.model", "llama");
    let special = ["<unk>", "<s>", "</s>"].map(str::to_owned);
    let bytes = (0..BYTES).map(|byte| format!("<0x{byte:02X}>"));
    // How this kind of vocabulary writes a space.
    let lines = lines.iter().map(|line| line.replace(' ', "\u{2581}"));
    let words: Vec<String> = special.into_iter().chain(bytes).chain(lines).collect();
    file.texts("tokenizer.ggml.tokens", &words);
    file.floats("tokenizer.ggml.scores", &vec![0.0; tokens]);
    let kinds = (0..tokens).map(|token| match token {
        0 => 2,
        1 | 2 => 3,
        3..259 => 6,
        _ => 1,
    });
    file.numbers("tokenizer.ggml.token_type", &kinds.collect::<Vec<i32>>());

    // The state after a line is its number, after anything else nought.
    let state = |token: usize| (token + 1).saturating_sub(SPECIAL + BYTES);
    let mut read = vec![0.0; tokens * WIDTH];
    let mut said = vec![0.0; tokens * WIDTH];
    for token in 0..tokens {
        read[token * WIDTH + state(token)] = 1.0;
        let before = match token {
            END => Some(tokens - SPECIAL - BYTES),
            _ => state(token).checked_sub(1),
        };
        if let Some(before) = before {
            said[token * WIDTH + before] = 20.0;
        }
    }
    let (wide, square) = ([WIDTH, tokens], [WIDTH, WIDTH]);
    file.tensor("token_embd.weight", &wide, &read);
    file.tensor("output_norm.weight", &[WIDTH], &[1.0; WIDTH]);
    file.tensor("output.weight", &wide, &said);
    for norm in ["blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"] {
        file.tensor(norm, &[WIDTH], &[1.0; WIDTH]);
    }
    for part in [
        "attn_q",
        "attn_k",
        "attn_v",
        "attn_output",
        "ffn_gate",
        "ffn_up",
        "ffn_down",
    ] {
        file.tensor(
            &format!("blk.0.{part}.weight"),
            &square,
            &[0.0; WIDTH * WIDTH],
        );
    }
    std::fs::write(path, file.bytes())
}

/// The file format, version 3.
#[derive(Default)]
struct Gguf {
    keys: u64,
    head: Vec<u8>,
    tensors: u64,
    infos: Vec<u8>,
    data: Vec<u8>,
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

impl Gguf {
    fn key(&mut self, key: &str, kind: u32) {
        self.keys += 1;
        text(&mut self.head, key);
        self.head.extend(kind.to_le_bytes());
    }

    fn number(&mut self, key: &str, value: u32) {
        self.key(key, 4);
        self.head.extend(value.to_le_bytes());
    }

    fn float(&mut self, key: &str, value: f32) {
        self.key(key, 6);
        self.head.extend(value.to_le_bytes());
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key, 8);
        text(&mut self.head, value);
    }

    fn list(&mut self, key: &str, kind: u32, length: usize) {
        self.key(key, 9);
        self.head.extend(kind.to_le_bytes());
        self.head.extend((length as u64).to_le_bytes());
    }

    fn texts(&mut self, key: &str, values: &[String]) {
        self.list(key, 8, values.len());
        for value in values {
            text(&mut self.head, value);
        }
    }

    fn floats(&mut self, key: &str, values: &[f32]) {
        self.list(key, 6, values.len());
        self.head
            .extend(values.iter().flat_map(|it| it.to_le_bytes()));
    }

    fn numbers(&mut self, key: &str, values: &[i32]) {
        self.list(key, 5, values.len());
        self.head
            .extend(values.iter().flat_map(|it| it.to_le_bytes()));
    }

    fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.tensors += 1;
        text(&mut self.infos, name);
        self.infos.extend((shape.len() as u32).to_le_bytes());
        for length in shape {
            self.infos.extend((*length as u64).to_le_bytes());
        }
        self.infos.extend(0u32.to_le_bytes());
        self.infos.extend((self.data.len() as u64).to_le_bytes());
        self.data
            .extend(values.iter().flat_map(|it| it.to_le_bytes()));
        pad(&mut self.data);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(self.tensors.to_le_bytes());
        bytes.extend(self.keys.to_le_bytes());
        bytes.extend(&self.head);
        bytes.extend(&self.infos);
        pad(&mut bytes);
        bytes.extend(&self.data);
        bytes
    }
}

/// Tensors begin at multiples of this.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(32), 0);
}
