//! The figures as a picture: one group of bars per round trip.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Way;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 250.0;
const TOP: f64 = 56.0;
/// Told apart without colour by their lightness, too.
const WAYS: [(&str, &str, &str); 4] = [
    ("ahead", "sent ahead", "#0b5d3b"),
    ("warm", "warm, in full", "#3f8f6f"),
    ("pooled", "pooled HTTPS, in full", "#d9a441"),
    ("new", "new HTTPS, in full", "#8c8c8c"),
];

pub(crate) fn svg(table: &BTreeMap<u64, Vec<Way>>) -> String {
    let most = table
        .values()
        .flatten()
        .map(|it| it.at(95))
        .fold(1.0, f64::max);
    let top = (most / 100.0).ceil() * 100.0;
    let y = |value: f64| BOTTOM - value / top * (BOTTOM - TOP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"Milliseconds from asking to the first edit, by way of asking and round trip\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    for step in 0..=4 {
        let value = top * f64::from(step) / 4.0;
        let at = y(value);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {at:.1}H{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{value:.0}</text>",
            WIDTH - 16.0,
            LEFT - 6.0,
            at + 4.0
        );
    }
    for (number, (_, title, colour)) in WAYS.iter().enumerate() {
        let x = LEFT + 165.0 * number as f64;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"14\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"24\" fill=\"#222\">{title}</text>",
            x + 18.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"8\" y=\"44\" fill=\"#444\">ms to the first edit</text>"
    );
    let group = (WIDTH - LEFT - 16.0) / table.len().max(1) as f64;
    for (number, (rtt, ways)) in table.iter().enumerate() {
        let left = LEFT + group * number as f64;
        for (place, (name, _, colour)) in WAYS.iter().enumerate() {
            let Some(way) = ways.iter().find(|it| it.name == *name) else {
                continue;
            };
            let width = group / 5.5;
            let x = left + group * 0.12 + width * 1.08 * place as f64;
            let value = way.at(50);
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#222\">{value:.0}</text>",
                y(value),
                BOTTOM - y(value),
                x + width / 2.0,
                y(value) - 4.0
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#222\">{rtt} ms round trip</text>",
            left + group / 2.0,
            BOTTOM + 22.0
        );
    }
    out.push_str("</svg>\n");
    out
}
