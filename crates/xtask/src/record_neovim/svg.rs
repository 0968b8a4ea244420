//! Frames of a screen as an SVG that plays by CSS alone: the frames stand side by side on a strip, and the strip
//! moves in steps. Every distinct piece of text is drawn once and then referred to.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::screen::{COLUMNS, Frame, Look, ROWS, Run};

/// Pixels of one character, its row, and around everything.
const WIDTH: usize = 8;
const HEIGHT: usize = 17;
const MARGIN: usize = 12;

/// Draws a film, or a still picture where there is one frame only.
pub(crate) fn draw(film: &[Frame], title: &str) -> String {
    let (width, height) = (COLUMNS * WIDTH + 2 * MARGIN, ROWS * HEIGHT + 2 * MARGIN);
    let mut pieces = Pieces::default();
    let mut strip = String::new();
    for (at, frame) in film.iter().enumerate() {
        let _ = write!(strip, r#"<g transform="translate({} 0)">"#, at * width);
        strip.push_str(&backgrounds(&frame.runs));
        for run in &frame.runs {
            if let Some((id, skipped)) = pieces.id(run) {
                let (x, y) = ((run.column + skipped) * WIDTH, run.row * HEIGHT);
                let _ = write!(strip, r##"<use href="#{id}" x="{x}" y="{y}"/>"##);
            }
        }
        strip.push_str("</g>\n");
    }
    let (foreground, background) = film.first().map_or((0xff_ff_ff, 0), |frame| {
        (frame.foreground, frame.background)
    });
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#{foreground:06x}}}
{}{}</style>
<defs>{}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#{background:06x}"/>
<g transform="translate({MARGIN} {MARGIN})"><g id="strip">
{strip}</g></g>
</svg>
"##,
        pieces.style,
        animation(film, width),
        pieces.definitions,
    )
}

/// The steps of the strip; nothing moves in a still picture.
fn animation(film: &[Frame], width: usize) -> String {
    if film.len() < 2 {
        return String::new();
    }
    let total: Duration = film.iter().map(|frame| frame.lasts).sum();
    let mut keyframes = String::new();
    let mut since = Duration::ZERO;
    for (at, frame) in film.iter().enumerate() {
        let part = since.as_secs_f64() / total.as_secs_f64().max(0.001) * 100.0;
        let _ = write!(
            keyframes,
            "{part:.2}%{{transform:translateX(-{}px)}}",
            at * width
        );
        since += frame.lasts;
    }
    let (seconds, last) = (total.as_secs_f64(), (film.len() - 1) * width);
    format!(
        "@keyframes play{{{keyframes}}}#strip{{animation:play {seconds:.2}s step-end infinite}}
@media (prefers-reduced-motion){{#strip{{animation:none;transform:translateX(-{last}px)}}}}"
    )
}

/// All backgrounds of a frame, one path for each colour.
fn backgrounds(runs: &[Run]) -> String {
    let mut paths: BTreeMap<u64, String> = BTreeMap::new();
    for run in runs {
        if let Some(color) = run.look.background {
            let (x, y, width) = (run.column * WIDTH, run.row * HEIGHT, run.width * WIDTH);
            let path = paths.entry(color).or_default();
            let _ = write!(path, "M{x} {y}h{width}v{HEIGHT}h-{width}z");
        }
    }
    let mut all = String::new();
    for (color, path) in paths {
        let _ = write!(all, r##"<path fill="#{color:06x}" d="{path}"/>"##);
    }
    all
}

/// The distinct pieces of text, and the classes that they look by.
#[derive(Default)]
struct Pieces {
    ids: HashMap<(Look, String), String>,
    classes: HashMap<Look, String>,
    definitions: String,
    style: String,
}

impl Pieces {
    /// The text of a run without the blanks around it, and how many columns those in front take; nothing for blanks.
    fn id(&mut self, run: &Run) -> Option<(String, usize)> {
        let skipped = run.text.len() - run.text.trim_start_matches(' ').len();
        let behind = run.text.len() - run.text.trim_end_matches(' ').len();
        let text = run.text.trim_matches(' ');
        if text.is_empty() {
            return None;
        }
        let look = Look {
            background: None,
            ..run.look
        };
        let class = self.class(look);
        if let Some(id) = self.ids.get(&(look, text.to_owned())) {
            return Some((id.clone(), skipped));
        }
        let id = format!("t{}", self.ids.len());
        let length = (run.width - skipped - behind) * WIDTH;
        let _ = writeln!(
            self.definitions,
            r#"<text id="{id}" y="13" textLength="{length}" class="{class}">{}</text>"#,
            escaped(text)
        );
        self.ids.insert((look, text.to_owned()), id.clone());
        Some((id, skipped))
    }

    fn class(&mut self, look: Look) -> String {
        if let Some(class) = self.classes.get(&look) {
            return class.clone();
        }
        let class = format!("c{}", self.classes.len());
        let color = look
            .foreground
            .map(|it| format!("fill:#{it:06x};"))
            .unwrap_or_default();
        let bold = if look.is_bold { "font-weight:700;" } else { "" };
        let italic = if look.is_italic {
            "font-style:italic"
        } else {
            ""
        };
        let _ = write!(self.style, ".{class}{{{color}{bold}{italic}}}");
        self.classes.insert(look, class.clone());
        class
    }
}

/// Spaces become no-break ones: SVG joins the others, and not all viewers can be told otherwise.
fn escaped(text: &str) -> String {
    text.replace(' ', "\u{a0}")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(ms: u64, text: &str, background: Option<u64>) -> Frame {
        let look = Look {
            foreground: Some(0xff_00_00),
            background,
            ..Look::default()
        };
        Frame {
            lasts: Duration::from_millis(ms),
            runs: vec![Run {
                row: 1,
                column: 2,
                width: text.len(),
                look,
                text: text.to_owned(),
            }],
            foreground: 0,
            background: 0,
        }
    }

    #[test]
    fn a_text_is_drawn_once_and_frames_last_as_long_as_they_did() {
        let film = [
            frame(300, " a<b ", None),
            frame(100, "a<b", Some(0x11_22_33)),
            frame(600, "new", None),
        ];
        let svg = draw(&film, "x");
        assert_eq!(svg.matches("a&lt;b</text>").count(), 1, "{svg}");
        for wanted in [
            "x=\"24\" y=\"17\"",
            "fill=\"#112233\" d=\"M16 17h24v17h-24z\"",
            "0.00%{",
            "30.00%{",
            "40.00%{",
            "1.00s step-end",
        ] {
            assert!(svg.contains(wanted), "no {wanted} in {svg}");
        }
    }

    #[test]
    fn one_frame_does_not_move() {
        let svg = draw(&[frame(300, "a", None)], "x");
        assert!(!svg.contains("keyframes"), "{svg}");
    }
}
