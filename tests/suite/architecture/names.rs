//! Where a path leads: from the words in the source to the modules at the top of the crate.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Item, ItemUse, UseTree};

use super::inspect::{attributes_of, is_for_tests_only};
use crate::source_tree::Module;

/// Every name that a crate declares or imports, by module.
pub(super) struct Names {
    modules: BTreeMap<Vec<String>, Scope>,
}

#[derive(Default)]
struct Scope {
    declared: BTreeSet<String>,
    imported: BTreeMap<String, Vec<Vec<String>>>,
    globs: Vec<Vec<String>>,
}

/// One name that a `use` brings in.
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// `None` for a glob.
    alias: Option<String>,
    pub(super) line: usize,
    /// Whether it starts with `::`, so that it leads out of the crate.
    pub(super) is_foreign: bool,
}

impl Names {
    /// Reads the names of a crate. What exists only in tests declares nothing.
    pub(super) fn declared_in(modules: &[Module]) -> Self {
        let mut names = Self { modules: BTreeMap::new() };
        for module in modules {
            let mut scope = Scope::default();
            for item in &module.items {
                scope.visit_item(item);
            }
            names.modules.insert(module.path.clone(), scope);
        }
        names
    }

    /// The modules at the top of the crate through which a path leads, when a module writes it.
    pub(super) fn reached_by(&self, from: &[String], path: &[String]) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        self.follow(from, path, DEEPEST, &mut reached);
        reached
    }

    fn follow(&self, from: &[String], path: &[String], depth: u8, reached: &mut BTreeSet<String>) {
        let mut position = from.to_vec();
        for (index, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => position.clear(),
                "self" => {}
                "super" => drop(position.pop()),
                name => {
                    position.push(name.to_string());
                    if !self.modules.contains_key(&position) {
                        position.pop();
                        return self.leave(&position, &path[index..], depth, reached);
                    }
                    reached.extend(position.first().cloned());
                }
            }
        }
    }

    /// Follows words that start with an import, or with something that a glob may bring in.
    fn leave(&self, position: &[String], words: &[String], depth: u8, reached: &mut BTreeSet<String>) {
        let (Some(scope), Some(depth)) = (self.modules.get(position), depth.checked_sub(1)) else { return };
        let Some((name, rest)) = words.split_first() else { return };
        if let Some(targets) = scope.imported.get(name) {
            for target in targets {
                self.follow(position, &[target, rest].concat(), depth, reached);
            }
        } else if !scope.declared.contains(name) {
            for glob in &scope.globs {
                self.follow(position, &[glob, words].concat(), depth, reached);
            }
        }
    }
}

/// How many imports are followed one after the other; a cycle of globs ends here.
const DEEPEST: u8 = 12;

/// The imports of one `use`, flattened.
pub(super) fn imports_of(item: &ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    flatten(&item.tree, &[], item.leading_colon.is_some(), &mut found);
    found
}

fn flatten(tree: &UseTree, prefix: &[String], is_foreign: bool, found: &mut Vec<Import>) {
    let mut add = |name: &syn::Ident, alias: &syn::Ident| {
        let line = name.span().start().line;
        // `use a::{self as b}` and `use a::{self}` import `a` itself.
        let path =
            if name == "self" && !prefix.is_empty() { prefix.to_vec() } else { [prefix, &[name.to_string()]].concat() };
        let alias = if alias == "self" { path.last().cloned().unwrap_or_default() } else { alias.to_string() };
        found.push(Import { path, alias: Some(alias), line, is_foreign });
    };
    match tree {
        UseTree::Path(path) => flatten(&path.tree, &[prefix, &[path.ident.to_string()]].concat(), is_foreign, found),
        UseTree::Name(name) => add(&name.ident, &name.ident),
        UseTree::Rename(rename) => add(&rename.ident, &rename.rename),
        UseTree::Glob(glob) => found.push(Import {
            path: prefix.to_vec(),
            alias: None,
            line: glob.star_token.spans.first().map_or(0, |span| span.start().line),
            is_foreign,
        }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, is_foreign, found)),
    }
}

impl<'ast> Visit<'ast> for Scope {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests_only(attributes_of(item)) {
            return;
        }
        let declared = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Macro(item) => item.ident.as_ref(),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::TraitAlias(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            _ => None,
        };
        self.declared.extend(declared.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    // Imports inside function bodies count for the whole module: that can only find more.
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for Import { path, alias, .. } in imports_of(item).into_iter().filter(|import| !import.is_foreign) {
            match alias {
                Some(alias) => self.imported.entry(alias).or_default().push(path),
                None => self.globs.push(path),
            }
        }
    }
}
