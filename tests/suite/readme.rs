//! What the README shows is what the examples do.
//!
//! A comment before a block of code names the file that the code is from: `<!-- path -->`. Each paragraph of the block
//! must be in that file as it stands, however far it is indented there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source_tree::rust_files;

#[test]
fn its_code_is_in_the_examples_word_for_word() {
    let readme = read("README.md");

    for snippet in snippets(&readme) {
        assert_eq!(snippet.departure_from(&read(snippet.file)), None, "README.md, from {}", snippet.file);
    }
}

#[test]
fn it_shows_how_to_mount_on_every_framework_that_has_an_example() {
    let readme = read("README.md");
    let shown: Vec<_> = snippets(&readme).iter().map(|snippet| snippet.file).collect();

    for framework in FRAMEWORKS {
        let file = format!("examples/frameworks/{framework}/src/main.rs");
        assert!(shown.contains(&file.as_str()), "{file}");
    }
}

#[test]
fn every_framework_needs_less_than_100_lines() {
    for framework in FRAMEWORKS {
        let source = root().join("examples/frameworks").join(framework).join("src");
        let files = rust_files(&source).unwrap();
        let files = files.iter().filter(|file| !file.ends_with("black_box_test.rs"));

        let lines: usize = files.map(|file| fs::read_to_string(file).unwrap().lines().count()).sum();

        assert!((1..100).contains(&lines), "{framework}: {lines}");
    }
}

#[test]
fn the_check_can_fail() {
    let readme = "<!-- a.rs -->\n```rust\nfn a() {\n    b();\n}\n\nfn c() {}\n```\n```rust\nelsewhere()\n```\n";
    let [snippet] = &snippets(readme)[..] else { panic!("one block names its file") };

    assert_eq!(snippet.file, "a.rs");
    assert_eq!(snippet.departure_from("mod m {\n    fn c() {}\n    fn a() {\n        b();\n    }\n}\n"), None);
    assert_eq!(snippet.departure_from("fn a() {\n    b();\n}\n").as_deref(), Some("fn c() {}"));
    assert_eq!(snippet.departure_from("fn a() {\n}\nb();\nfn c() {}\n").as_deref(), Some("fn a() {\nb();\n}"));
    assert_eq!(snippet.departure_from("fn a() {\n    b()\n}\nfn c() {}\n").as_deref(), Some("fn a() {\nb();\n}"));
}

/// A block of code with the file that it is from.
struct Snippet<'a> {
    file: &'a str,
    lines: Vec<&'a str>,
}

impl Snippet<'_> {
    /// The first paragraph that is not in the source.
    fn departure_from(&self, source: &str) -> Option<String> {
        let source: Vec<_> = source.lines().map(str::trim).collect();
        let is_there = |paragraph: &&[&str]| source.windows(paragraph.len()).any(|lines| lines == *paragraph);
        let mut paragraphs = self.lines.split(|line| line.is_empty()).filter(|paragraph| !paragraph.is_empty());
        paragraphs.find(|paragraph| !is_there(paragraph)).map(|paragraph| paragraph.join("\n"))
    }
}

fn snippets(readme: &str) -> Vec<Snippet<'_>> {
    let lines: Vec<_> = readme.lines().map(str::trim).collect();
    let begins = |at: usize| {
        let file = lines.get(at)?.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
        assert_eq!(lines.get(at + 1), Some(&"```rust"), "code follows: {file}");
        let code = lines.get(at + 2..)?.iter().copied().take_while(|line| *line != "```");
        Some(Snippet { file, lines: code.collect() })
    };
    (0..lines.len()).filter_map(begins).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

const FRAMEWORKS: [&str; 8] = ["actix-web", "axum", "hyper", "lambda", "poem", "rocket", "salvo", "warp"];
