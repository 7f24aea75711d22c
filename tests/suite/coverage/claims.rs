//! What the tests claim: the `covers!` in the source, and whether the test around each one runs.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{LineColumn, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Block, Item, LitStr, Meta, Stmt, Token, token};

use super::build::Build;
use crate::source_tree::condition::Condition;
use crate::source_tree::{Module, Unreadable, modules, rust_files, text_of};

/// An id that a `covers!` names.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) id: String,
    pub(super) standing: Standing,
    file: PathBuf,
    line: usize,
}

/// What a claim is worth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Its test runs.
    Runs,
    /// Its test has `#[ignore]`.
    Ignored,
    /// No `mod` line leads to it, or a `cfg` takes it out.
    CompiledOut,
    /// It is not a statement of a test function.
    OutsideTests,
}

impl Claim {
    /// The place, for a person to jump to.
    pub(super) fn at(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Runs => "it runs",
            Self::Ignored => "the test is ignored",
            Self::CompiledOut => "the test is compiled out",
            Self::OutsideTests => "this is not a statement of a test",
        })
    }
}

/// Every claim in the unit and integration tests of a package.
///
/// # Errors
///
/// [`Unreadable`] if a source file cannot be read.
pub(super) fn made_in(package: &Path, build: &Build) -> Result<Vec<Claim>, Unreadable> {
    let mut survey = Survey { build, claims: Vec::new(), judged: BTreeSet::new(), reached: BTreeSet::new() };
    for root in crate_roots(package)? {
        for module in modules(&root)? {
            survey.enter(&module);
        }
    }
    // What the walk did not judge stands outside of tests, or in a file that is in no crate.
    let fixtures = package.join("tests/fixtures");
    for file in [rust_files(&package.join("src"))?, rust_files(&package.join("tests"))?].concat() {
        if !file.starts_with(&fixtures) {
            survey.look_for_the_rest(&file)?;
        }
    }
    for claim in &mut survey.claims {
        claim.file = claim.file.strip_prefix(package).unwrap_or(&claim.file).to_path_buf();
    }
    Ok(survey.claims)
}

/// The roots of the test crates of a package, where Cargo looks for them.
fn crate_roots(package: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let mut roots = vec![package.join("src/lib.rs")];
    let tests = package.join("tests");
    if tests.is_dir() {
        let failed = |error| Unreadable::File(tests.clone(), error);
        for entry in fs::read_dir(&tests).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            roots.push(if path.is_dir() { path.join("main.rs") } else { path });
        }
    }
    roots.retain(|root| root.is_file() && root.extension().is_some_and(|extension| extension == "rs"));
    roots.sort();
    Ok(roots)
}

struct Survey<'a> {
    build: &'a Build,
    claims: Vec<Claim>,
    judged: BTreeSet<(PathBuf, Position)>,
    reached: BTreeSet<PathBuf>,
}

impl Survey<'_> {
    fn enter(&mut self, module: &Module) {
        let compiled = self.build.compiles(&module.conditions);
        if compiled {
            self.reached.insert(module.file.clone());
        }
        for item in &module.items {
            match item {
                Item::Fn(function) => self.enter_function(&module.file, compiled, &function.attrs, &function.block),
                Item::Macro(item) if item.mac.path.segments.last().is_some_and(|name| name.ident == "proptest") => {
                    let compiled = compiled && self.build.compiles(&Condition::all_of(&item.attrs));
                    let tests = item.mac.parse_body::<PropertyTests>().map(|tests| tests.0).unwrap_or_default();
                    for test in tests {
                        self.enter_function(&module.file, compiled, &test.attributes, &test.body);
                    }
                }
                _ => {}
            }
        }
    }

    fn enter_function(&mut self, file: &Path, compiled: bool, attributes: &[Attribute], body: &Block) {
        let attributes = self.in_force(attributes);
        let is =
            |name: &str| attributes.iter().any(|meta| meta.path().segments.last().is_some_and(|it| it.ident == name));
        if !is("test") {
            return;
        }
        let conditions = attributes.iter().filter(|meta| meta.path().is_ident("cfg")).map(condition_in);
        let compiled = compiled && self.build.compiles(&conditions.collect::<Vec<_>>());
        for statement in &body.stmts {
            let Stmt::Macro(statement) = statement else { continue };
            let Some(name) = statement.mac.path.get_ident().filter(|name| *name == "covers") else { continue };
            let standing = if !(compiled && self.build.compiles(&Condition::all_of(&statement.attrs))) {
                Standing::CompiledOut
            } else if is("ignore") {
                Standing::Ignored
            } else {
                Standing::Runs
            };
            self.add(file, name.span(), statement.mac.tokens.clone(), standing);
        }
    }

    /// The attributes that hold in this build, those of `cfg_attr` included.
    fn in_force(&self, attributes: &[Attribute]) -> Vec<Meta> {
        let mut waiting: Vec<Meta> = attributes.iter().map(|attribute| attribute.meta.clone()).collect();
        let mut found = Vec::new();
        while let Some(meta) = waiting.pop() {
            match &meta {
                Meta::List(list) if list.path.is_ident("cfg_attr") => {
                    let parsed = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                    let mut parsed = parsed.unwrap_or_default().into_iter();
                    if parsed.next().is_some_and(|condition| self.build.compiles(&[Condition::read(&condition)])) {
                        waiting.extend(parsed);
                    }
                }
                _ => found.push(meta),
            }
        }
        found
    }

    fn look_for_the_rest(&mut self, file: &Path) -> Result<(), Unreadable> {
        let failed = |error: proc_macro2::LexError| {
            Unreadable::Syntax(file.to_path_buf(), syn::Error::new(error.span(), error.to_string()))
        };
        let standing = if self.reached.contains(file) { Standing::OutsideTests } else { Standing::CompiledOut };
        let mut mentions = Vec::new();
        find_mentions(text_of(file)?.parse().map_err(failed)?, &mut mentions);
        for (span, tokens) in mentions {
            if !self.judged.contains(&(file.to_path_buf(), Position::of(span))) {
                self.add(file, span, tokens, standing);
            }
        }
        Ok(())
    }

    fn add(&mut self, file: &Path, span: Span, tokens: TokenStream, standing: Standing) {
        self.judged.insert((file.to_path_buf(), Position::of(span)));
        let line = span.start().line;
        for token in tokens {
            if let Ok(id) = syn::parse2::<LitStr>(TokenStream::from(token)) {
                self.claims.push(Claim { id: id.value(), standing, file: file.to_path_buf(), line });
            }
        }
    }
}

/// Finds each `covers!(…)` in tokens, however deep: where it is, and what it names.
fn find_mentions(tokens: TokenStream, found: &mut Vec<(Span, TokenStream)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for window in tokens.windows(3) {
        if let [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(named)] = window
            && name == "covers"
            && mark.as_char() == '!'
        {
            found.push((name.span(), named.stream()));
        }
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            find_mentions(group.stream(), found);
        }
    }
}

fn condition_in(meta: &Meta) -> Condition {
    let inner = match meta {
        Meta::List(list) => list.parse_args::<Meta>().ok(),
        Meta::Path(_) | Meta::NameValue(_) => None,
    };
    inner.as_ref().map_or(Condition::Any(Vec::new()), Condition::read)
}

/// A place in a file. Line and column, because spans of two readings of one file cannot be compared.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Position(usize, usize);

impl Position {
    fn of(span: Span) -> Self {
        let LineColumn { line, column } = span.start();
        Self(line, column)
    }
}

/// The body of `proptest! { … }`: test functions whose parameters are not Rust.
struct PropertyTests(Vec<PropertyTest>);

struct PropertyTest {
    attributes: Vec<Attribute>,
    body: Block,
}

impl Parse for PropertyTests {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_inner)?;
        let mut tests = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            while !input.peek(token::Brace) {
                input.parse::<TokenTree>()?;
            }
            tests.push(PropertyTest { attributes, body: input.parse()? });
        }
        Ok(Self(tests))
    }
}
