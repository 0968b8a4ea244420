//! A film as an SVG that plays by CSS alone: the frames stand side by side on a strip, and the strip
//! moves in steps. Every distinct piece of text is drawn once and then referred to.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use vt100::Color;

use super::terminal::{COLUMNS, Frame, Look, ROWS, Run};

/// Pixels of one character, its row, and around everything.
const WIDTH: f64 = 8.0;
const HEIGHT: f64 = 17.0;
const MARGIN: f64 = 16.0;

const STYLE: &str = "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d5d9e0}\
.g{fill:#56d364}.r{fill:#ff7b72}.d{fill:#7d8590}.b{font-weight:700}.x{opacity:.75}";

/// Draws the film; above it stands `prompt`, the command that was typed.
pub(super) fn draw(film: &[Frame], prompt: &str) -> String {
    let (width, height) = (
        f64::from(COLUMNS) * WIDTH + 2.0 * MARGIN,
        f64::from(ROWS + 1) * HEIGHT + 2.0 * MARGIN,
    );
    let mut pieces = Pieces::default();
    let mut strip = String::new();
    for (at, frame) in film.iter().enumerate() {
        let _ = write!(
            strip,
            r#"<g transform="translate({} 0)">"#,
            at as f64 * width
        );
        for run in &frame.runs {
            let id = pieces.id(run);
            let x = f64::from(run.column) * WIDTH;
            let y = f64::from(run.row + 1) * HEIGHT;
            let _ = write!(strip, r##"<use href="#{id}" x="{x}" y="{y}"/>"##);
        }
        strip.push_str("</g>\n");
    }
    let total: Duration = film.iter().map(|it| it.lasts).sum();
    let mut keyframes = String::new();
    let mut since = Duration::ZERO;
    for (at, frame) in film.iter().enumerate() {
        let part = since.as_secs_f64() / total.as_secs_f64().max(0.001) * 100.0;
        let _ = write!(
            keyframes,
            "{part:.3}%{{transform:translateX(-{}px)}}",
            at as f64 * width
        );
        since += frame.lasts;
    }
    let last = film.len().saturating_sub(1) as f64 * width;
    let seconds = total.as_secs_f64();
    let baseline = HEIGHT * 0.75;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>redline demo: a rewrite streams into a document and is decided hunk by hunk</title>
<style>{STYLE}
@keyframes play{{{keyframes}}}
#strip{{animation:play {seconds:.2}s step-end infinite}}
@media (prefers-reduced-motion){{#strip{{animation:none;transform:translateX(-{last}px)}}}}</style>
<defs>{}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#0f131a"/>
<g transform="translate({MARGIN} {MARGIN})"><text y="{baseline}" class="d">{}</text>
<g id="strip">
{strip}</g></g>
</svg>
"##,
        pieces.definitions,
        escaped(prompt),
    )
}

/// The distinct pieces of text.
#[derive(Default)]
struct Pieces {
    /// By class and text.
    ids: HashMap<(String, String), String>,
    definitions: String,
}

impl Pieces {
    fn id(&mut self, run: &Run) -> String {
        let key = (class(run.look), run.text.clone());
        if let Some(id) = self.ids.get(&key) {
            return id.clone();
        }
        let id = format!("t{}", self.ids.len());
        let class = match key.0.as_str() {
            "" => String::new(),
            class => format!(r#" class="{class}""#),
        };
        let (y, length) = (HEIGHT * 0.75, f64::from(run.width) * WIDTH);
        let _ = writeln!(
            self.definitions,
            r#"<text id="{id}" y="{y}" textLength="{length}"{class}>{}</text>"#,
            escaped(&run.text)
        );
        self.ids.insert(key, id.clone());
        id
    }
}

fn class(look: Look) -> String {
    let color = match look.color {
        Color::Idx(2 | 10) => "g",
        Color::Idx(1 | 9) => "r",
        _ if look.is_dim => return "d".to_owned(),
        _ => "",
    };
    let bold = if look.is_bold { "b" } else { "" };
    let dim = if look.is_dim { "x" } else { "" };
    [color, bold, dim]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
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

    fn frame(ms: u64, text: &str, color: Color) -> Frame {
        Frame {
            lasts: Duration::from_millis(ms),
            runs: vec![Run {
                row: 0,
                column: 2,
                width: 3,
                look: Look {
                    color,
                    is_bold: false,
                    is_dim: false,
                },
                text: text.to_owned(),
            }],
        }
    }

    #[test]
    fn a_text_is_drawn_once_and_frames_last_as_long_as_they_did() {
        let film = [
            frame(300, "a<b", Color::Idx(2)),
            frame(100, "a<b", Color::Idx(2)),
            frame(600, "new", Color::Default),
        ];
        let svg = draw(&film, "$ x & y");
        assert_eq!(svg.matches("a&lt;b</text>").count(), 1, "{svg}");
        assert_eq!(svg.matches("href=\"#t0\"").count(), 2, "{svg}");
        assert!(
            svg.contains("class=\"g\"") && svg.contains("$\u{a0}x\u{a0}&amp;\u{a0}y"),
            "{svg}"
        );
        for wanted in ["0.000%{", "30.000%{", "40.000%{", "1.00s step-end"] {
            assert!(svg.contains(wanted), "no {wanted} in {svg}");
        }
    }
}
