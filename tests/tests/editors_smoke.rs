//! The editors' drivers themselves, with no language server: a failure here is not Redline's.

use e2e::helix::{self, Helix};
use e2e::neovim::{self, Neovim};
use serde_json::json;

#[test]
fn neovim_opens_types_and_saves() {
    let neovim = Neovim::start(&neovim::Setup::default());
    let path = neovim.project().write("a.rs", "fn main() {}\n// é 𝄞\n");
    neovim.open(&path);
    assert_eq!(neovim.text(), "fn main() {}\n// é 𝄞\n");
    assert_eq!(
        neovim.lua("return vim.bo.filetype", json!([])),
        json!("rust")
    );

    neovim.input("Oüber<Esc>");
    neovim.wait_for_text("über\nfn main() {}\n// é 𝄞\n");
    neovim.keys("Gdd");
    neovim.save();
    let saved = neovim.project().read("a.rs").expect("the file is there");
    assert_eq!(String::from_utf8_lossy(&saved), "über\nfn main() {}\n");

    neovim.keys("u");
    neovim.wait_for_text("über\nfn main() {}\n// é 𝄞\n");
    assert!(
        neovim.messages().contains("1 more line"),
        "{}",
        neovim.messages()
    );
}

#[test]
fn neovim_keeps_line_ends_of_the_file() {
    let neovim = Neovim::start(&neovim::Setup::default());
    let path = neovim.project().write("dos.py", "a = 1\r\nb = 2\r\n");
    neovim.open(&path);
    neovim.keys("ggx");
    neovim.wait_for_text(" = 1\r\nb = 2\r\n");
    neovim.save();
    assert_eq!(
        neovim.project().read("dos.py").as_deref(),
        Some(&b" = 1\r\nb = 2\r\n"[..])
    );
}

#[test]
fn lua_values_come_back_as_json() {
    let neovim = Neovim::start(&neovim::Setup::default());
    let value = neovim.lua(
        "return { n = 1, f = 1.5, t = true, s = 'é', list = { 1, 2 }, same = ... }",
        json!([{ "x": null }]),
    );
    assert_eq!(value["n"], 1);
    assert_eq!(value["f"], 1.5);
    assert_eq!(value["t"], true);
    assert_eq!(value["s"], "é");
    assert_eq!(value["list"], json!([1, 2]));
}

#[test]
fn helix_opens_inserts_and_saves() {
    let helix = Helix::start(&helix::Setup::default());
    let path = helix.project().write("a.rs", "fn main() {}\n// é 𝄞\n");
    helix.open(&path);
    helix.wait_for_text("fn main() {}");
    helix.keys(&["O"]);
    helix.type_text("über; // one;");
    helix.keys(&["Escape"]);
    helix.save();
    let saved = helix.project().read("a.rs").expect("the file is there");
    assert_eq!(
        String::from_utf8_lossy(&saved),
        "über; // one;\nfn main() {}\n// é 𝄞\n"
    );

    helix.select_lines(1, 2);
    helix.keys(&["d"]);
    helix.save();
    let saved = helix.project().read("a.rs").expect("the file is there");
    assert_eq!(String::from_utf8_lossy(&saved), "über; // one;\n");
    assert!(helix.is_running());
}
