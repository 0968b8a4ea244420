//! Where else a deletion says the same: `ab` taken out of `abab` leads to the same text at each of three places. Which of
//! them was meant is decided by who asks.

use std::ops::Range;

/// How far a deletion is moved, in bytes.
pub(crate) const FURTHEST: usize = 4_096;

/// The other places within `room` where taking out as many bytes leads to the same text, with their distance: nearest
/// first to the left, then to the right. Costs the places.
pub(crate) fn slides(
    byte: impl Fn(usize) -> Option<u8> + Copy,
    range: &Range<usize>,
    room: Range<usize>,
) -> impl Iterator<Item = (usize, Range<usize>)> {
    let Range { start, end } = *range;
    let back = (1..=start.saturating_sub(room.start).min(FURTHEST))
        .take_while(move |n| byte(start - n) == byte(end - n))
        .map(move |n| (n, start - n..end - n));
    let on = (1..=room.end.saturating_sub(end).min(FURTHEST))
        .take_while(move |n| byte(start + n - 1) == byte(end + n - 1))
        .map(move |n| (n, start + n..end + n));
    back.chain(on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_says_the_same_as_far_as_the_text_repeats() {
        let bytes = b"xababy";
        let byte = |at: usize| bytes.get(at).copied();
        let all: Vec<_> = slides(byte, &(2..4), 0..bytes.len()).collect();
        assert_eq!(all, [(1, 1..3), (1, 3..5)]);
        let near: Vec<_> = slides(byte, &(2..4), 2..bytes.len()).collect();
        assert_eq!(near, [(1, 3..5)]);
    }
}
