//! The conditions of `#[cfg(…)]`.
//!
//! A condition is judged against facts. A fact may be unknown: the coverage test knows the features that the tests are
//! compiled with, the architecture test only asks whether code can exist outside of tests.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, Meta, Token};

/// What must hold for an item to be compiled.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Fact(Fact),
}

/// What a condition asks about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Fact {
    /// `feature = "…"`
    Feature(String),
    /// `test`, `unix`, …
    Flag(String),
    /// `target_os = "…"`, …
    Pair(String, String),
    /// Nothing that this module can read.
    Unreadable,
}

impl Condition {
    /// The conditions that an item's attributes set, `#[cfg(…)]` only.
    pub(crate) fn all_of(attributes: &[Attribute]) -> Vec<Self> {
        attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .map(|attribute| {
                attribute.parse_args::<Meta>().map_or(Self::Fact(Fact::Unreadable), |meta| Self::read(&meta))
            })
            .collect()
    }

    /// The condition that a predicate states.
    pub(crate) fn read(meta: &Meta) -> Self {
        match meta {
            Meta::Path(path) => {
                Self::Fact(path.get_ident().map_or(Fact::Unreadable, |name| Fact::Flag(name.to_string())))
            }
            Meta::NameValue(pair) => match (pair.path.get_ident(), string_of(&pair.value)) {
                (Some(key), Some(value)) if key == "feature" => Self::Fact(Fact::Feature(value)),
                (Some(key), Some(value)) => Self::Fact(Fact::Pair(key.to_string(), value)),
                _ => Self::Fact(Fact::Unreadable),
            },
            Meta::List(list) => {
                let Ok(inner) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
                    return Self::Fact(Fact::Unreadable);
                };
                let mut inner: Vec<Self> = inner.iter().map(Self::read).collect();
                if list.path.is_ident("all") {
                    Self::All(inner)
                } else if list.path.is_ident("any") {
                    Self::Any(inner)
                } else if list.path.is_ident("not") && inner.len() == 1 {
                    inner.pop().map_or(Self::Fact(Fact::Unreadable), |only| Self::Not(Box::new(only)))
                } else {
                    Self::Fact(Fact::Unreadable)
                }
            }
        }
    }

    /// Whether it holds; `None` if that depends on a fact that nobody knows.
    pub(crate) fn holds(&self, known: &dyn Fn(&Fact) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Fact(fact) => known(fact),
            Self::Not(inner) => inner.holds(known).map(|holds| !holds),
            Self::All(inner) => decided_by(inner, false, known),
            Self::Any(inner) => decided_by(inner, true, known),
        }
    }

    /// Whether it can only hold while tests are compiled.
    pub(crate) fn is_for_tests_only(&self) -> bool {
        self.holds(&|fact| (*fact == Fact::Flag("test".into())).then_some(false)) == Some(false)
    }
}

/// One condition with the deciding answer settles it; otherwise one unknown answer leaves it open.
fn decided_by(conditions: &[Condition], deciding: bool, known: &dyn Fn(&Fact) -> Option<bool>) -> Option<bool> {
    let answers: Vec<Option<bool>> = conditions.iter().map(|condition| condition.holds(known)).collect();
    if answers.contains(&Some(deciding)) {
        Some(deciding)
    } else if answers.contains(&None) {
        None
    } else {
        Some(!deciding)
    }
}

/// The text of a string literal.
pub(crate) fn string_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn conditions_are_judged_as_the_compiler_judges_them() {
    let known = |fact: &Fact| Some(*fact == Fact::Feature("on".into()) || *fact == Fact::Flag("test".into()));
    for (written, expected) in [
        ("test", true),
        ("feature = \"on\"", true),
        ("feature = \"off\"", false),
        ("not(feature = \"off\")", true),
        ("all(test, feature = \"on\")", true),
        ("all(test, feature = \"off\")", false),
        ("any(feature = \"off\", feature = \"on\")", true),
        ("any()", false),
        ("all()", true),
    ] {
        let condition = Condition::read(&syn::parse_str(written).unwrap());
        assert_eq!(condition.holds(&known), Some(expected), "{written}");
    }
}

#[test]
fn only_what_needs_a_test_build_is_for_tests_only() {
    for (written, expected) in [
        ("test", true),
        ("all(test, feature = \"http\")", true),
        ("any(test, feature = \"testing\")", false),
        ("not(test)", false),
        ("feature = \"testing\"", false),
    ] {
        let condition = Condition::read(&syn::parse_str(written).unwrap());
        assert_eq!(condition.is_for_tests_only(), expected, "{written}");
    }
}
