//! The line ends that an editor gives the model's text: they stand and fall with it. Not the line ends that text is
//! asked for with; those are `rewrite`'s.

use super::{Finger, Tracked};
use crate::piece::{Origin, Piece};

impl Tracked {
    /// Takes a carriage return that was reported right before a line feed of the model's for the model's: nobody types
    /// one there, but a file whose lines end so gives it to all that is put in it. Changes the target, so the stream must
    /// be over. Cost is the pieces.
    pub(crate) fn adopt_line_ends(&mut self) {
        if !self.pieces.iter().any(|it| self.is_typed_return(it)) {
            return;
        }
        let mut behind: Option<Piece> = None;
        let mut backwards = Vec::with_capacity(self.pieces.len());
        for mut piece in std::mem::take(&mut self.pieces).into_iter().rev() {
            if !piece.shown {
                backwards.push(piece);
                continue;
            }
            let feed = behind.replace(piece);
            let is_return = self.is_typed_return(&piece);
            if let Some(feed) = feed.filter(|it| is_return && self.is_line_feed_of_ours(it)) {
                backwards.push(Piece {
                    start: self.ours.len(),
                    len: 1,
                    stands_for: None,
                    ..feed
                });
                self.ours.push('\r');
                piece.len -= 1;
            }
            if piece.len > 0 {
                backwards.push(piece);
            }
        }
        backwards.reverse();
        self.pieces = backwards;
        self.finger = Finger::default();
    }

    /// Whether it is text of the user's that ends with a carriage return.
    fn is_typed_return(&self, piece: &Piece) -> bool {
        piece.shown && piece.origin == Origin::Theirs && self.text_of(piece).ends_with('\r')
    }

    fn is_line_feed_of_ours(&self, piece: &Piece) -> bool {
        piece.origin == Origin::Ours && piece.in_target && self.text_of(piece).starts_with('\n')
    }
}
