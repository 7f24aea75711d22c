//! One module, word for word: what it names, and what a pure ring must not contain.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ExprAsync, ExprAwait, ExprClosure, ImplItem, ItemUse, Macro, Path, Signature, Stmt, TraitItem};

use super::names::{Names, imports_of};
use super::{Fault, rings};
use crate::source_tree::Module;
use crate::source_tree::condition::Condition;

/// Reports every fault of a module below `top`.
pub(super) fn module(module: &Module, top: &str, names: &Names, report: &mut dyn FnMut(usize, Fault)) {
    let mut inspector = Inspector { path: &module.path, top, names, report };
    for item in &module.items {
        inspector.visit_item(item);
    }
}

/// Whether something with these attributes exists only while tests are compiled.
pub(super) fn is_for_tests_only(attributes: &[Attribute]) -> bool {
    Condition::all_of(attributes).iter().any(Condition::is_for_tests_only)
}

/// The attributes of an item.
pub(super) fn attributes_of(item: &syn::Item) -> &[Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

struct Inspector<'a> {
    path: &'a [String],
    top: &'a str,
    names: &'a Names,
    report: &'a mut dyn FnMut(usize, Fault),
}

impl Inspector<'_> {
    fn check_path(&mut self, path: &[String], is_foreign: bool, line: usize) {
        if path.len() > 1 && path.first().is_some_and(|first| IMPURE_CRATES.contains(&first.as_str())) {
            self.impure(&path.join("::"), line);
        }
        if is_foreign {
            return;
        }
        for to in self.names.reached_by(self.path, path) {
            if !rings::may_name(self.top, &to) {
                (self.report)(line, Fault::Names { from: self.top.into(), to });
            }
        }
    }

    fn check_word(&mut self, word: &Ident) {
        if IMPURE_WORDS.iter().any(|impure| word == impure) {
            self.impure(&word.to_string(), line_of(word.span()));
        }
    }

    fn impure(&mut self, what: &str, line: usize) {
        if rings::is_pure(self.top) {
            (self.report)(line, Fault::Impure(what.into()));
        }
    }

    /// The arguments of a macro need not be Rust, so its paths are read word by word.
    fn check_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<Ident> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    self.check_word(&word);
                    if ["async", "await"].iter().any(|keyword| word == keyword) {
                        self.impure(&word.to_string(), line_of(word.span()));
                    }
                    if colons != 2 {
                        self.check_words(&path);
                        path.clear();
                    }
                    path.push(word);
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    // `$crate::{…}` and `use` trees inside macros: the group continues the path.
                    let continues = colons == 2;
                    self.check_words(&path);
                    if continues {
                        self.check_group_after(&path, group.stream());
                    }
                    path.clear();
                    colons = 0;
                    self.check_tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.check_words(&path);
                    path.clear();
                    colons = 0;
                }
            }
        }
        self.check_words(&path);
    }

    fn check_words(&mut self, words: &[Ident]) {
        if let Some(last) = words.last() {
            let path: Vec<String> = words.iter().map(ToString::to_string).collect();
            self.check_path(&path, false, line_of(last.span()));
        }
    }

    fn check_group_after(&mut self, prefix: &[Ident], group: TokenStream) {
        for token in group {
            if let TokenTree::Ident(word) = token {
                self.check_words(&[prefix, &[word]].concat());
            }
        }
    }
}

impl<'ast> Visit<'ast> for Inspector<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests_only(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => item.attrs.as_slice(),
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests_only(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => item.attrs.as_slice(),
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests_only(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(statement) => statement.attrs.as_slice(),
            Stmt::Macro(statement) => &statement.attrs,
            Stmt::Item(_) | Stmt::Expr(..) => &[],
        };
        if !is_for_tests_only(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for import in imports_of(item) {
            self.check_path(&import.path, import.is_foreign, import.line);
        }
        visit::visit_item_use(self, item);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if let Some(last) = path.segments.last() {
            let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.check_path(&words, path.leading_colon.is_some(), line_of(last.ident.span()));
        }
        visit::visit_path(self, path);
    }

    fn visit_ident(&mut self, word: &'ast Ident) {
        self.check_word(word);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.check_tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        if let Some(word) = signature.asyncness {
            self.impure("async fn", line_of(word.span));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        self.impure("async", line_of(block.async_token.span));
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        if let Some(word) = closure.asyncness {
            self.impure("async", line_of(word.span));
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_await(&mut self, expression: &'ast ExprAwait) {
        self.impure("await", line_of(expression.await_token.span));
        visit::visit_expr_await(self, expression);
    }
}

/// Clocks and sources of entropy, wherever the word stands.
const IMPURE_WORDS: [&str; 8] =
    ["SystemTime", "Instant", "now_utc", "now_local", "getrandom", "OsRng", "SysRng", "thread_rng"];

/// Crates of which a pure ring uses nothing.
const IMPURE_CRATES: [&str; 2] = ["rand", "getrandom"];

fn line_of(span: Span) -> usize {
    span.start().line
}
