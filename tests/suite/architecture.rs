//! The shape of `src/`: who may name whom, what the pure rings never contain, and how long a file may be.
//!
//! A name is followed to the module that declares it, through `use`, `super`, aliases and re-exports, so that no
//! detour leads past a ring. What is only compiled for tests is exempt.

mod inspect;
mod names;
mod rings;
mod the_checker_can_fail;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, Meta};

use crate::source_tree::condition::Condition;
use crate::source_tree::{Module, Unreadable, modules, rust_files, text_of};
use names::Names;

#[test]
fn the_source_keeps_to_the_design() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");

    let departures = departures_in(&source).unwrap();

    assert!(departures.is_empty(), "\n{}", departures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

/// One place where the source departs from the design.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
#[error("{}:{line}: {fault}", file.display())]
struct Departure {
    file: PathBuf,
    line: usize,
    fault: Fault,
}

#[derive(Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
enum Fault {
    #[error("`{from}` names `{to}`")]
    Names { from: String, to: String },
    #[error("the module `{0}` has no ring")]
    WithoutRing(String),
    #[error("`{0}` in a pure ring")]
    Impure(String),
    #[error("`unsafe`")]
    Unsafe,
    #[error("no `#![forbid(unsafe_code)]`")]
    UnsafeIsNotForbidden,
    #[error("`extern crate self` gives the crate a name that is not followed")]
    NamesItself,
    #[error("more than {LONGEST_FILE} lines")]
    TooLong,
    #[error("no `mod` line leads here")]
    Unreached,
}

const LONGEST_FILE: usize = 800;

/// Every departure from the design in the crate whose `lib.rs` is in this directory.
fn departures_in(source: &Path) -> Result<BTreeSet<Departure>, Unreadable> {
    let modules = modules(&source.join("lib.rs"))?;
    let names = Names::declared_in(&modules);
    let mut departures = BTreeSet::new();
    let mut report = |file: &Path, line: usize, fault: Fault| {
        let file = file.strip_prefix(source).unwrap_or(file).to_path_buf();
        departures.insert(Departure { file, line, fault });
    };
    for module in &modules {
        if module.items.iter().any(|item| matches!(item, Item::ExternCrate(item) if item.ident == "self")) {
            report(&module.file, 1, Fault::NamesItself);
        }
        // The root is the map of the crate: it names every ring.
        let Some(top) = module.path.first() else { continue };
        if module.conditions.iter().any(Condition::is_for_tests_only) {
            continue;
        }
        match rings::ring_of(top) {
            Some(_) => inspect::module(module, top, &names, &mut |line, fault| report(&module.file, line, fault)),
            None => report(&module.file, 1, Fault::WithoutRing(top.clone())),
        }
    }
    if !modules.iter().any(|module| module.path.is_empty() && forbids_unsafe(module)) {
        report(&source.join("lib.rs"), 1, Fault::UnsafeIsNotForbidden);
    }
    let reached: BTreeSet<&PathBuf> = modules.iter().map(|module| &module.file).collect();
    for file in rust_files(source)? {
        let text = text_of(&file)?;
        if text.lines().count() > LONGEST_FILE {
            report(&file, LONGEST_FILE + 1, Fault::TooLong);
        }
        if !reached.contains(&file) {
            report(&file, 1, Fault::Unreached);
        }
        for line in lines_with_unsafe(text.parse().unwrap_or_default()) {
            report(&file, line, Fault::Unsafe);
        }
    }
    Ok(departures)
}

fn forbids_unsafe(root: &Module) -> bool {
    root.attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("forbid") && list.tokens.to_string() == "unsafe_code",
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}

fn lines_with_unsafe(tokens: TokenStream) -> Vec<usize> {
    let mut lines = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => lines.extend(lines_with_unsafe(group.stream())),
            TokenTree::Ident(word) if word == "unsafe" => lines.push(word.span().start().line),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    lines
}
