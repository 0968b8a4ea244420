//! The corpus of the fuzz target for the editor's frames, replayed; and the same bytes in front of the whole server.

#[path = "fuzz_corpus/pipe.rs"]
mod pipe;

use std::path::Path;

use pipe::Pipe;
use server::Options;
use test_support::fuzzing::corpus;
use test_support::fuzzing::lsp_frames::{self, Reader, Served};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[test]
fn every_input_holds() {
    replay(&Pipe);
}

#[test]
fn the_whole_server_lives_on_after_every_input() {
    replay(&Whole);
}

fn replay(reader: &impl Reader) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/lsp_frames");
    corpus::replay(&folder, |data| lsp_frames::check(data, reader));
}

struct Whole;

impl Reader for Whole {
    fn checked(&self, chunks: &[&[u8]]) -> Vec<u8> {
        Pipe.checked(chunks)
    }

    fn served(&self, chunks: &[&[u8]]) -> Served {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let bytes = chunks.concat();
        let output = runtime.block_on(async {
            let (input, mut editor) = tokio::io::duplex(1 << 20);
            let (mut answers, output) = tokio::io::duplex(1 << 20);
            let options = Options {
                bare: true,
                ..Options::default()
            };
            let server = tokio::spawn(server::run(input, output, options));
            editor.write_all(&bytes).await.expect("a server that reads");
            editor.shutdown().await.expect("a server that reads");
            let mut output = Vec::new();
            answers.read_to_end(&mut output).await.expect("answers");
            server.await.expect("no panic");
            output
        });
        let exits = |window: &[u8]| window == b"\"exit\"";
        Served {
            exited: bytes.windows(6).any(exits),
            output,
        }
    }
}
