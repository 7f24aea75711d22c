//! The modules of a crate, found the way the compiler finds them.
//!
//! The coverage and the architecture test judge what is compiled. So they start at the root of a crate and follow its
//! `mod` lines; a file that no line leads to belongs to no crate.

pub(crate) mod condition;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemMod};

use condition::Condition;

/// One module of a crate, in a file of its own or inline.
pub(crate) struct Module {
    /// The names from the root of the crate down; empty for the root.
    pub(crate) path: Vec<String>,
    /// The file that holds it.
    pub(crate) file: PathBuf,
    /// What must hold for it to be compiled, gathered on the way down.
    pub(crate) conditions: Vec<Condition>,
    /// The inner attributes of its file; empty for an inline module.
    pub(crate) attributes: Vec<Attribute>,
    /// What it declares, except for modules.
    pub(crate) items: Vec<Item>,
}

/// Why a crate could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("{0}: {1}")]
    Syntax(PathBuf, syn::Error),
    #[error("{0}: no file for `mod {1}`")]
    NoSuchModule(PathBuf, String),
}

/// Every module that the file at `root` leads to, the root first.
///
/// # Errors
///
/// [`Unreadable`] if a file is missing or is not Rust.
pub(crate) fn modules(root: &Path) -> Result<Vec<Module>, Unreadable> {
    let mut found = Vec::new();
    let directory = root.parent().unwrap_or(root).to_path_buf();
    enter_file(root, Place { path: Vec::new(), directory, conditions: Vec::new() }, &mut found)?;
    Ok(found)
}

/// Every Rust file below a directory, in a stable order. A directory that does not exist has none.
///
/// # Errors
///
/// [`Unreadable::File`] if a directory cannot be listed.
pub(crate) fn rust_files(directory: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let mut files = Vec::new();
    if directory.is_dir() {
        let failed = |error| Unreadable::File(directory.to_path_buf(), error);
        for entry in fs::read_dir(directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                files.extend(rust_files(&path)?);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a file.
///
/// # Errors
///
/// [`Unreadable::File`] if there is none.
pub(crate) fn text_of(file: &Path) -> Result<String, Unreadable> {
    fs::read_to_string(file).map_err(|error| Unreadable::File(file.to_path_buf(), error))
}

/// Where a module stands: its name, where its children's files are, and what it is compiled under.
struct Place {
    path: Vec<String>,
    directory: PathBuf,
    conditions: Vec<Condition>,
}

fn enter_file(file: &Path, mut place: Place, found: &mut Vec<Module>) -> Result<(), Unreadable> {
    let syntax = syn::parse_file(&text_of(file)?).map_err(|error| Unreadable::Syntax(file.to_path_buf(), error))?;
    place.conditions.extend(Condition::all_of(&syntax.attrs));
    enter_items(file, true, syntax.attrs, syntax.items, place, found)
}

fn enter_items(
    file: &Path,
    fills_its_file: bool,
    attributes: Vec<Attribute>,
    items: Vec<Item>,
    place: Place,
    found: &mut Vec<Module>,
) -> Result<(), Unreadable> {
    let (modules, items): (Vec<Item>, Vec<Item>) = items.into_iter().partition(|item| matches!(item, Item::Mod(_)));
    let Place { path, directory, conditions } = place;
    let parent = Place { path: path.clone(), directory, conditions: conditions.clone() };
    found.push(Module { path, file: file.to_path_buf(), conditions, attributes, items });
    for module in modules {
        if let Item::Mod(module) = module {
            enter_child(file, fills_its_file, module, &parent, found)?;
        }
    }
    Ok(())
}

fn enter_child(
    file: &Path,
    parent_fills_its_file: bool,
    module: ItemMod,
    parent: &Place,
    found: &mut Vec<Module>,
) -> Result<(), Unreadable> {
    let name = module.ident.to_string();
    let mut place = Place {
        path: parent.path.iter().cloned().chain([name.clone()]).collect(),
        directory: parent.directory.join(&name),
        conditions: parent.conditions.iter().cloned().chain(Condition::all_of(&module.attrs)).collect(),
    };
    if let Some((_, items)) = module.content {
        return enter_items(file, false, Vec::new(), items, place, found);
    }
    if let Some(written) = path_attribute(&module.attrs) {
        let base = if parent_fills_its_file { file.parent().unwrap_or(file) } else { &parent.directory };
        let file = base.join(written);
        // A file named by `#[path]` looks for its children beside itself, as a `mod.rs` does.
        place.directory = file.parent().unwrap_or(&file).to_path_buf();
        return enter_file(&file, place, found);
    }
    let candidates = [parent.directory.join(format!("{name}.rs")), parent.directory.join(&name).join("mod.rs")];
    match candidates.iter().find(|candidate| candidate.is_file()) {
        Some(file) => enter_file(file, place, found),
        None => Err(Unreadable::NoSuchModule(file.to_path_buf(), name)),
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => condition::string_of(&pair.value),
        _ => None,
    })
}

#[test]
fn modules_are_found_in_every_place_where_the_compiler_looks() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write("lib.rs", "mod beside; mod folder; mod inline { mod child; } #[path = \"odd/place.rs\"] mod moved;");
    write("beside.rs", "mod below;");
    write("beside/below.rs", "");
    write("folder/mod.rs", "mod below;");
    write("folder/below.rs", "");
    write("inline/child.rs", "");
    write("odd/place.rs", "mod neighbour;");
    write("odd/neighbour.rs", "");
    write("unreached.rs", "");

    let found = modules(&directory.path().join("lib.rs")).unwrap();

    let names: Vec<String> = found.iter().map(|module| module.path.join("::")).collect();
    let expected = [
        "",
        "beside",
        "beside::below",
        "folder",
        "folder::below",
        "inline",
        "inline::child",
        "moved",
        "moved::neighbour",
    ];
    assert_eq!(names, expected);
}
