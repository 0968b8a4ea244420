//! Each editor's page, followed to the letter by someone who has the archive and an empty home: the commands of its
//! set-up, then the first rewrite that it proposes, in the real editor. How long the commands take is printed.

#![allow(
    clippy::print_stdout,
    reason = "how long a set-up takes belongs to a test's output"
)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use e2e::helix::Helix;
use e2e::{Project, binary, editors, xtask};

const OLD: &str = "def area(width, height):\n    return width * height\n";
const NEW: &str = "def area(breadth, height):\n    return breadth * height\n";
const INSTRUCTION: &str = "rename width to breadth";

/// The text of the page's first block of that kind behind `## Set up`.
fn block<'a>(page: &'a str, kind: &str) -> &'a str {
    let rest = page.split_once("\n## Set up\n").expect("a set-up").1;
    let fence = format!("```{kind}\n");
    let rest = rest
        .split_once(&fence)
        .unwrap_or_else(|| panic!("no {kind}"));
    rest.1.split_once("```").expect("the block ends").0
}

/// What users get for this platform, with the server that is tested.
fn archive(folder: &Path) -> PathBuf {
    let made = Command::new(xtask())
        .args(["dist", "--no-vsix", "--binary"])
        .arg(binary())
        .arg("--out")
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .expect("xtask starts");
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{complaint}");
    let files = fs::read_dir(folder).expect("it made files");
    let mut paths = files.filter_map(|entry| Some(entry.ok()?.path()));
    let is_archive = |path: &PathBuf| path.extension().is_some_and(|it| it == "gz");
    paths.find(is_archive).expect("an archive")
}

/// The home of a user who has done what the page says, with the archive in it.
struct Home {
    project: Project,
}

impl Home {
    /// # Panics
    /// When a command of the page fails.
    #[track_caller]
    fn after(page: &str, archive: &Path, editor: &Path) -> Home {
        let project = Project::new();
        let name = archive.file_name().expect("a file has a name");
        fs::copy(archive, project.folder().join(name)).expect("it can be copied");
        let home = Home { project };
        let started = Instant::now();
        let output = home
            .command("sh", editor)
            .args(["-e", "-c", block(page, "sh")])
            .output()
            .expect("a shell");
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{said}");
        println!("set up in {:.1} s\n{said}", started.elapsed().as_secs_f64());
        home
    }

    fn path(&self) -> PathBuf {
        self.project.root().join("home")
    }

    /// A program as this user starts it: `~/.local/bin` and the editor are on the path.
    fn command(&self, program: impl AsRef<Path>, editor: &Path) -> Command {
        let mut command = Command::new(program.as_ref());
        self.project.isolate(&mut command);
        for name in ["CONFIG", "CACHE", "DATA", "STATE"] {
            command.env_remove(format!("XDG_{name}_HOME"));
        }
        command
            .env("PATH", search_path(&self.path(), editor))
            .current_dir(self.project.folder())
            .stdin(Stdio::null());
        command
    }

    fn write(&self) -> PathBuf {
        self.project.write("a.py", OLD)
    }

    fn written(&self) -> String {
        let text = self.project.read("a.py").expect("the file is there");
        String::from_utf8(text).expect("text")
    }
}

fn search_path(home: &Path, editor: &Path) -> OsString {
    let folder = editor.parent().expect("a program is in a folder");
    let mut folders = vec![home.join(".local/bin"), folder.to_owned()];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    env::join_paths(folders).expect("a path")
}

fn neovim(archive: &Path) {
    let page = include_str!("../../docs/editors/neovim.md");
    let tried = format!(":%Redline rewrite {INSTRUCTION}");
    assert!(page.contains(&format!("`{tried}`")), "the page proposes it");
    let neovim = &editors().neovim;
    let home = Home::after(page, archive, neovim);
    let file = home.write();
    let driver = home.path().join("driver.lua");
    let steps = format!(
        "local function wait(what, holds)
           if not vim.wait(20000, holds, 20) then
             print('waited in vain: ' .. what .. vim.fn.execute('messages'))
             vim.cmd('cquit')
           end
         end
         wait('the server', function()
           local client = vim.lsp.get_clients({{ name = 'redline' }})[1]
           return client and client.initialized
         end)
         vim.cmd('{tried}')
         local hunks = function() return #require('redline.actions').hunks() end
         wait('changes', function() return hunks() > 0 end)
         vim.cmd('Redline accept')
         wait('the decision', function() return hunks() == 0 end)
         vim.cmd('checkhealth redline')
         local health = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')
         print(health)
         if health:find('ERROR') then vim.cmd('cquit') end
         vim.cmd('bdelete | wqall')"
    );
    fs::write(&driver, steps).expect("a file can be written");
    let output = home
        .command(neovim, neovim)
        .arg("--headless")
        .arg(&file)
        .arg("-S")
        .arg(&driver)
        // Where the steps break off.
        .args(["-c", "cquit"])
        .output()
        .expect("Neovim starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(home.written(), NEW, "{said}");
}

fn helix(archive: &Path) {
    let page = include_str!("../../docs/editors/helix.md");
    assert!(page.contains(&format!("write `{INSTRUCTION}`")));
    let editor = &editors().helix;
    let home = Home::after(page, archive, editor);
    let file = home.write();
    let path = home.path();
    let helix = Helix::start_in_home(home.project, &search_path(&path, editor));
    helix.open(&file);
    helix.wait_for_server(&file);
    helix.keys(&["x", "x", "Space", "i"]);
    helix.wait_for_text("redline.ask");
    helix.type_text(INSTRUCTION);
    helix.keys(&["Enter"]);
    helix.wait_for_text("return breadth * height");
    helix.keys(&["Space", "x", "a"]);
    helix.wait_for_screen("nothing waits", |screen| !screen.contains("Pending change"));
    helix.save();
    let text = fs::read_to_string(&file).expect("the file is there");
    assert_eq!(text, NEW);
}

fn emacs(archive: &Path) {
    let page = include_str!("../../docs/editors/emacs.md");
    let emacs = match &editors().emacs {
        Ok(emacs) => emacs,
        Err(problem) => {
            println!("EMACS IS NOT TESTED, because it cannot be had here: {problem}");
            return;
        }
    };
    let home = Home::after(page, archive, emacs);
    let file = home.write();
    let init = home.path().join(".emacs.d/init.el");
    fs::write(&init, block(page, "elisp")).expect("a file can be written");
    let steps = format!(
        "(progn
           (find-file {file:?})
           (defun wait (what holds)
             (with-timeout (20 (error \"Waited in vain for %s\" what))
               (while (not (funcall holds)) (accept-process-output nil 0.02))))
           (let ((eglot-sync-connect 20)) (call-interactively 'eglot))
           (unless (eq (lookup-key redline-map (kbd \"i\")) 'redline-rewrite) (error \"Another key\"))
           (redline-rewrite {INSTRUCTION:?} (point-min) (point-max))
           (wait \"the text\" (lambda () (string-match-p \"breadth\" (buffer-string))))
           (wait \"a proposal\" (lambda () (equal (plist-get (redline--meant) :state) \"proposed\")))
           (call-interactively (lookup-key redline-map (kbd \"a\")))
           (wait \"the decision\" (lambda () (not (ignore-errors (redline--meant)))))
           (save-buffer))"
    );
    let output = home
        .command(emacs, emacs)
        .args(["--batch", "-l"])
        .arg(&init)
        .args(["--eval", &steps])
        .output()
        .expect("Emacs starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(home.written(), NEW, "{said}");
}

#[test]
fn every_page_is_enough() {
    let folder = Project::new();
    let archive = archive(&folder.folder());
    neovim(&archive);
    helix(&archive);
    emacs(&archive);
}
