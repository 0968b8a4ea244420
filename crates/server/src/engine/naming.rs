//! Which document, rewrite and hunk a command means: by id, by position, or by file and line as a key binding
//! can fill them in. What is done with them is in `commands`.

use std::ops::Range;

use rewrite::{HunkView, RewriteId};
use text::Text;
use tower_lsp::ls_types::Position;

use super::actions::{is_open, touches};
use super::commands::not_open;
use super::{Engine, OpenDocument};
use crate::convert::position;
use crate::failure::{Failure, Reason};
use crate::protocol::{HunkName, RewriteName};

/// A place in a document, in bytes.
struct Place {
    uri: String,
    range: Range<usize>,
    /// A key binding names a line and nothing finer; where nothing is on it, the only candidate is meant.
    is_line: bool,
}

impl Engine {
    /// The open document whose path ends in `file`; among several the shortest path.
    pub(super) fn by_path(&mut self, file: &str) -> Result<&mut OpenDocument, Failure> {
        let uri = self.uri_of_path(file)?;
        self.documents.get_mut(&uri).ok_or_else(|| not_open(file))
    }

    fn uri_of_path(&self, file: &str) -> Result<String, Failure> {
        let wanted = file.replace('\\', "/");
        let wanted = wanted.trim_start_matches("./");
        let path_of = |document: &OpenDocument| {
            document
                .uri
                .to_file_path()
                .map(|path| path.to_string_lossy().replace('\\', "/"))
        };
        self.documents
            .iter()
            .filter_map(|(uri, document)| Some((path_of(document)?, uri)))
            .filter(|(path, _)| {
                path.strip_suffix(wanted).is_some_and(|head| {
                    head.is_empty() || head.ends_with('/') || wanted.starts_with('/')
                })
            })
            .min_by_key(|(path, _)| path.len())
            .map(|(_, uri)| uri.clone())
            .ok_or_else(|| not_open(file))
    }

    /// Which rewrite a command means, and its document.
    pub(super) fn named(&self, name: &RewriteName) -> Result<(RewriteId, String), Failure> {
        if let Some(id) = name.rewrite {
            return self.by_id(RewriteId(id));
        }
        let place = self.place(name)?;
        let found = self.open_at(&place).or_else(|| self.only_open(&place));
        found
            .map(|id| (id, place.uri))
            .ok_or_else(|| unknown(place.is_line))
    }

    /// As [`Engine::named`], for a command that also takes what is over: then the newest at the place.
    pub(super) fn named_also_over(
        &self,
        name: &RewriteName,
    ) -> Result<(RewriteId, String), Failure> {
        if let Some(id) = name.rewrite {
            return self.by_id(RewriteId(id));
        }
        let place = self.place(name)?;
        let over = |place: &Place| {
            let document = self.documents.get(&place.uri)?;
            document.retriable_at(|region| touches(document.text(), region, &place.range))
        };
        let found = self
            .open_at(&place)
            .or_else(|| over(&place))
            .or_else(|| self.only_open(&place));
        found
            .map(|id| (id, place.uri))
            .ok_or_else(|| unknown(place.is_line))
    }

    /// The index of the hunk that a decision means; `None` where it means the whole rewrite.
    pub(super) fn named_hunk(
        &self,
        id: RewriteId,
        uri: &str,
        name: &RewriteName,
        hunk: Option<&HunkName>,
    ) -> Result<Option<usize>, Failure> {
        match hunk {
            None => return Ok(None),
            Some(HunkName::Index(index)) => return Ok(Some(*index)),
            Some(HunkName::Here) => {}
        }
        let place = self.place(name)?;
        let document = self.documents.get(uri).ok_or_else(|| not_open(uri))?;
        let view = document
            .rewrites
            .view(id)
            .ok_or_else(|| unknown(place.is_line))?;
        let open: Vec<&HunkView> = view.hunks.iter().filter(|it| is_open(it.state)).collect();
        let here = |hunk: &&&HunkView| touches(document.text(), &hunk.range, &place.range);
        match (open.iter().find(here), &open[..]) {
            (Some(hunk), _) => Ok(Some(hunk.index)),
            (None, [only]) if place.is_line => Ok(Some(only.index)),
            _ => {
                let why = "no change waits at this place; put the cursor on one";
                Err(Failure::new(Reason::Unknown, why))
            }
        }
    }

    fn by_id(&self, id: RewriteId) -> Result<(RewriteId, String), Failure> {
        let home = self.homes.get(&id);
        home.map(|uri| (id, uri.clone()))
            .ok_or_else(|| Failure::new(Reason::Unknown, "there is no such rewrite"))
    }

    fn place(&self, name: &RewriteName) -> Result<Place, Failure> {
        match (&name.uri, name.position, &name.file, name.line) {
            (Some(uri), Some(at), ..) => {
                let document = self
                    .documents
                    .get(uri.as_str())
                    .ok_or_else(|| not_open(uri.as_str()))?;
                let at = self.offset(document.text(), at);
                let (uri, range) = (uri.as_str().to_owned(), at..at);
                Ok(Place {
                    uri,
                    range,
                    is_line: false,
                })
            }
            (_, _, Some(file), Some(line)) => {
                let uri = self.uri_of_path(file)?;
                let document = self.documents.get(&uri).ok_or_else(|| not_open(file))?;
                let text = document.text();
                let line = (line.max(1) as usize - 1).min(text.line_count() - 1);
                let range = text.line_start(line)..text.line_start(line + 1);
                Ok(Place {
                    uri,
                    range,
                    is_line: true,
                })
            }
            _ => Err(Failure::BadArguments(
                "a rewrite is named by `rewrite`, by `uri` and `position`, or by `file` and `line`"
                    .to_owned(),
            )),
        }
    }

    fn open_at(&self, place: &Place) -> Option<RewriteId> {
        let document = self.documents.get(&place.uri)?;
        if !place.is_line {
            return document.rewrites.at(place.range.start);
        }
        let mut open = document.rewrites.active();
        open.find(|view| {
            !view.state.is_over() && touches(document.text(), &view.region, &place.range)
        })
        .map(|view| view.id)
    }

    fn only_open(&self, place: &Place) -> Option<RewriteId> {
        if !place.is_line {
            return None;
        }
        let document = self.documents.get(&place.uri)?;
        let mut open = document
            .rewrites
            .active()
            .filter(|view| !view.state.is_over());
        let only = open.next()?.id;
        open.next().is_none().then_some(only)
    }

    pub(super) fn offset(&self, text: &Text, at: Position) -> usize {
        text.offset_clamped(position(at), self.encoding())
    }
}

fn unknown(is_line: bool) -> Failure {
    let why = match is_line {
        false => "there is no such rewrite",
        true => "no rewrite is open at this line",
    };
    Failure::new(Reason::Unknown, why)
}
