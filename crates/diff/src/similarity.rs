//! How alike two different lines are, in bounded time. What follows from it is decided in `policy`.

use crate::lines::content;

/// Of longer lines only this many bytes at each end are looked at.
const ENDS: usize = 256;

/// Which pairs of neighbouring bytes a line's content has, as a small set; two lines are compared by what they share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pairs: [u64; 4],
    size: u32,
}

impl Shape {
    /// Cost: about a nanosecond per byte, bounded.
    pub(crate) fn of(line: &str) -> Self {
        let bytes = content(line).as_bytes();
        let mut shape = Shape {
            pairs: [0; 4],
            size: 0,
        };
        if bytes.len() <= 2 * ENDS {
            shape.add(bytes);
        } else {
            shape.add(&bytes[..ENDS]);
            shape.add(&bytes[bytes.len() - ENDS..]);
        }
        shape.size = shape.pairs.iter().map(|part| part.count_ones()).sum();
        shape
    }

    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.windows(2) {
            // The multiplication spreads the pairs; the topmost bits are the best mixed.
            let hash =
                (u32::from(pair[0]) << 8 | u32::from(pair[1])).wrapping_mul(0x9e37_79b1) >> 24;
            self.pairs[(hash >> 6) as usize] |= 1 << (hash & 63);
        }
    }

    /// From 0 to 1: the share of pairs that both have.
    pub(crate) fn likeness(&self, other: &Shape) -> f32 {
        let total = self.size + other.size;
        if total == 0 {
            return 0.0;
        }
        let shared: u32 = self
            .pairs
            .iter()
            .zip(&other.pairs)
            .map(|(a, b)| (a & b).count_ones())
            .sum();
        2.0 * shared as f32 / total as f32
    }

    /// The share of this shape's pairs that `whole` has too.
    fn share_in(&self, whole: &Shape) -> f32 {
        let shared: u32 = self
            .pairs
            .iter()
            .zip(&whole.pairs)
            .map(|(a, b)| (a & b).count_ones())
            .sum();
        if self.size == 0 {
            0.0
        } else {
            shared as f32 / self.size as f32
        }
    }
}

/// A line's text and shape.
pub(crate) type Shaped<'a> = (&'a str, &'a Shape);

/// From 0 (nothing in common) to 1 (the same but for indentation and line end).
/// Cost: bounded, about 20 ns for lines of code.
pub(crate) fn similarity((old, old_shape): Shaped<'_>, (new, new_shape): Shaped<'_>) -> f32 {
    let (old, new) = (content(old).as_bytes(), content(new).as_bytes());
    let (short, long) = (old.len().min(new.len()), old.len().max(new.len()));
    if short == 0 {
        return if long == 0 { 1.0 } else { 0.0 };
    }
    let prefix = old
        .iter()
        .zip(new)
        .take(2 * ENDS)
        .take_while(|(a, b)| a == b)
        .count();
    if prefix == long {
        return 1.0;
    }
    let room = (short - prefix).min(2 * ENDS);
    let suffix = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(room)
        .take_while(|(a, b)| a == b)
        .count();
    let ends = (prefix + suffix) as f32 / long.min(2 * ENDS) as f32;
    ends.max(old_shape.likeness(new_shape)).min(0.99)
}

/// Whether the beginning of a new line looks like that of a changed version of an old line.
pub(crate) fn begins_alike((old, old_shape): Shaped<'_>, new_so_far: &str) -> bool {
    let (old, new) = (content(old).as_bytes(), content(new_so_far).as_bytes());
    let prefix = old
        .iter()
        .zip(new)
        .take(ENDS)
        .take_while(|(a, b)| a == b)
        .count();
    prefix * 2 >= new.len() || Shape::of(new_so_far).share_in(old_shape) > 0.65
}
