//! Whether a request and its answer fit into a model: tokens counted as o200k counts them, and the sentence that
//! says what to cut.
//!
//! Bytes bound tokens from above, so that counting is needed only near a limit. The tokenizer takes about 200 ms
//! to load and 45 MB while it is held, and counts 400 KB of code in 30 ms: it has no place on a task that others
//! wait for.

use model_protocol::Request;

/// Tokens that a message takes beside its text.
const PER_MESSAGE: usize = 8;

/// No code has so many bytes to a token.
const BYTES_PER_TOKEN: usize = 16;

/// Counts tokens.
pub struct Tokenizer(tiktoken_rs::CoreBPE);

impl Tokenizer {
    /// Slow: see the module. `None` where its data cannot be read, which is part of the program.
    pub fn load() -> Option<Tokenizer> {
        tiktoken_rs::o200k_base().ok().map(Tokenizer)
    }

    fn count(&self, text: &str) -> usize {
        self.0.encode_ordinary(text).len()
    }
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokenizer")
    }
}

/// A request's size: in tokens, or in bytes as an upper bound of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Everything that is sent, the region included.
    pub input: usize,
    /// The region, which the answer repeats at its full length where little changes.
    pub region: usize,
}

/// What a model can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Tokens of a request and its answer together.
    pub window: u64,
    /// Tokens of an answer, where there is a bound of its own.
    pub output: Option<u32>,
}

/// Why a request cannot be sent. The message says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    #[error(
        "the region alone has {region} tokens, and an answer may have {output}: select less, or raise \
         `models.fast.max_output_tokens`"
    )]
    Output { region: usize, output: u32 },
    #[error(
        "the request has {input} tokens and its answer needs about {region} more, but both must fit into {window} \
         (`models.fast.context_window`): {}", cure(*region, *input)
    )]
    Window {
        region: usize,
        input: usize,
        window: u64,
    },
    #[error(
        "the region has {bytes} bytes, far more than the {tokens} tokens that the model can answer: select less"
    )]
    Bytes { bytes: usize, tokens: u64 },
}

impl Capacity {
    /// Whether a region may fit at all, by its length in bytes; where it may, its tokens have to be counted. O(1).
    ///
    /// # Errors
    /// When it has more than anybody's code could have in so many tokens.
    pub fn may_take(self, bytes: usize) -> Result<(), TooLong> {
        // The region is sent and comes back.
        let window = self.window / 2;
        let tokens = self.output.map_or(window, |it| window.min(it.into()));
        match (bytes / BYTES_PER_TOKEN) as u64 <= tokens {
            true => Ok(()),
            false => Err(TooLong::Bytes { bytes, tokens }),
        }
    }
}

fn cure(region: usize, input: usize) -> &'static str {
    if region > input / 2 {
        "select less"
    } else {
        "lower `context.bytes`, or select less"
    }
}

impl Size {
    /// An upper bound. Costs nothing but the number of messages.
    pub fn bound(request: &Request, region: &str) -> Size {
        let texts = texts(request).map(|it| it.len() + PER_MESSAGE);
        Size {
            input: texts.sum(),
            region: region.len(),
        }
    }

    /// The tokens, counted. Cost: about 75 ns per byte.
    pub fn count(request: &Request, region: &str, tokenizer: &Tokenizer) -> Size {
        Size {
            input: texts(request)
                .map(|it| tokenizer.count(it) + PER_MESSAGE)
                .sum(),
            region: tokenizer.count(region),
        }
    }

    /// Whether it fits. From an upper bound, only `Ok` says anything.
    pub fn fits(self, capacity: Capacity) -> Result<(), TooLong> {
        let Size { input, region } = self;
        if let Some(output) = capacity.output
            && region > output as usize
        {
            return Err(TooLong::Output { region, output });
        }
        let window = capacity.window;
        match (input + region) as u64 <= window {
            true => Ok(()),
            false => Err(TooLong::Window {
                region,
                input,
                window,
            }),
        }
    }
}

fn texts(request: &Request) -> impl Iterator<Item = &str> {
    let messages = request.input.iter().map(|it| &*it.text);
    std::iter::once(request.instructions.as_str()).chain(messages)
}

#[cfg(test)]
mod tests {
    use model_protocol::Message;

    use super::*;

    fn request(text: &str) -> Request {
        Request {
            input: vec![Message::user(text)],
            ..Request::default()
        }
    }

    #[test]
    fn a_region_of_many_bytes_is_not_counted() {
        let capacity = |window, output| Capacity { window, output };
        for (capacity, most) in [
            (capacity(1_000, None), 500),
            (capacity(1_000, Some(100)), 100),
            (capacity(100, Some(100)), 50),
        ] {
            assert_eq!(capacity.may_take(most * BYTES_PER_TOKEN), Ok(()));
            let bytes = (most + 1) * BYTES_PER_TOKEN;
            let tokens = most as u64;
            assert_eq!(
                capacity.may_take(bytes),
                Err(TooLong::Bytes { bytes, tokens })
            );
        }
    }

    #[test]
    fn tokens_are_counted_as_o200k_counts_them() {
        let tokenizer = Tokenizer::load().unwrap();
        for (text, expected) in [
            ("", 0),
            ("hello world", 2),
            ("fn main() {\n    println!(\"hi\");\n}\n", 10),
            ("日本語のテキスト", 6),
            ("<|endoftext|>", 7),
        ] {
            let size = Size::count(&request(""), text, &tokenizer);
            assert_eq!(size.region, expected, "{text:?}");
        }
    }

    #[test]
    fn bytes_bound_the_tokens() {
        let mut random = fastrand::Rng::with_seed(7);
        let text: String = (0..2_000)
            .map(|_| match random.u8(..6) {
                0 => random.char('\u{0}'..='\u{ff}'),
                1 => random.char('\u{400}'..='\u{9fff}'),
                2 => random.char('\u{10000}'..),
                _ => random.alphanumeric(),
            })
            .collect();
        let tokenizer = Tokenizer::load().unwrap();
        let bound = Size::bound(&request(&text), &text);
        let count = Size::count(&request(&text), &text, &tokenizer);
        assert!(count.input <= bound.input && count.region <= bound.region);
        assert!(count.region > 500);
    }

    #[track_caller]
    fn check(input: usize, region: usize, window: u64, output: Option<u32>, expected: &str) {
        let said = Size { input, region }.fits(Capacity { window, output });
        match said {
            Ok(()) => assert_eq!(expected, ""),
            Err(error) => assert!(
                !expected.is_empty() && error.to_string().contains(expected),
                "{error}"
            ),
        }
    }

    #[test]
    fn the_sentence_says_what_to_cut() {
        check(1_000, 100, 1_100, None, "");
        check(1_000, 100, 1_099, None, "lower `context.bytes`");
        check(1_000, 900, 1_200, None, ": select less");
        check(1_000, 900, 10_000, Some(900), "");
        check(
            1_000,
            901,
            10_000,
            Some(900),
            "`models.fast.max_output_tokens`",
        );
    }
}
