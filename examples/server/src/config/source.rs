//! The text of a configuration file, and where in it something stands.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

/// A configuration file that was read.
#[derive(Clone)]
pub struct Source {
    name: String,
    text: String,
}

/// A mistake in the configuration: the file, the line, the key, and the rule that is broken. One line of text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {rule}")]
pub struct ConfigError {
    place: String,
    rule: String,
}

/// The way to a value: `clients[1].redirect_uris`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Key(Vec<Step>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => Err(ConfigError { place: name, rule: format!("cannot be read: {error}") }),
        }
    }

    /// The value that the text describes.
    ///
    /// # Errors
    ///
    /// The first mistake.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(&self.text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            let key = match self.table() {
                Some(table) => key_in(&table, &Key::default(), &span).unwrap_or_default(),
                None => self.key_on_line(span.start),
            };
            self.mistake(span.start, &key, error.message())
        })
    }

    /// A mistake about the value of that key, or, where it is not given, about what it would be given in.
    pub fn error_at(&self, key: &Key, rule: impl fmt::Display) -> ConfigError {
        let offset = self.table().map_or(0, |table| offset_of(&table, &key.0).unwrap_or(0));
        self.mistake(offset, key, &rule.to_string())
    }

    fn mistake(&self, offset: usize, key: &Key, rule: &str) -> ConfigError {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let rule = rule.split_whitespace().collect::<Vec<_>>().join(" ");
        let Self { name, .. } = self;
        let place = if key.0.is_empty() { format!("{name}:{line}") } else { format!("{name}:{line}: {key}") };
        ConfigError { place, rule }
    }

    /// What stands before the equals sign, in a text that is no TOML.
    fn key_on_line(&self, offset: usize) -> Key {
        let line_start = self.text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let line = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        line.split_once('=').map_or_else(Key::default, |(name, _)| Key::of(name.trim()))
    }

    fn table(&self) -> Option<DeTable<'_>> {
        DeTable::parse(&self.text).ok().map(toml::Spanned::into_inner)
    }
}

#[cfg(test)]
impl Source {
    /// A text that is in no file.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned() }
    }
}

impl Key {
    /// The key of that name in the whole file.
    pub fn of(name: &str) -> Self {
        Self::default().then(name)
    }

    /// The key of that name in this table.
    pub fn then(&self, name: &str) -> Self {
        Self(self.0.iter().cloned().chain([Step::Name(name.to_owned())]).collect())
    }

    /// That element of this list.
    pub fn nth(&self, index: usize) -> Self {
        Self(self.0.iter().cloned().chain([Step::Index(index)]).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Name(name) => {
                    let dot = if position == 0 { "" } else { "." };
                    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                    if is_bare { write!(f, "{dot}{name}")? } else { write!(f, "{dot}\"{name}\"")? }
                }
            }
        }
        Ok(())
    }
}

/// The key whose name or value covers the span.
fn key_in(table: &DeTable<'_>, path: &Key, span: &Range<usize>) -> Option<Key> {
    table.iter().find_map(|(name, value)| {
        let path = path.then(name.get_ref());
        within(value, &path, span).or_else(|| covers(&name.span(), span).then_some(path))
    })
}

fn within(value: &toml::Spanned<DeValue<'_>>, path: &Key, span: &Range<usize>) -> Option<Key> {
    let inner = match value.get_ref() {
        DeValue::Table(table) => key_in(table, path, span),
        DeValue::Array(list) => {
            list.iter().enumerate().find_map(|(index, element)| within(element, &path.nth(index), span))
        }
        _ => None,
    };
    inner.or_else(|| covers(&value.span(), span).then(|| path.clone()))
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    !inner.is_empty() && outer.start <= inner.start && inner.end <= outer.end
}

/// Where the last step that is there stands.
fn offset_of(table: &DeTable<'_>, steps: &[Step]) -> Option<usize> {
    let Some((Step::Name(wanted), rest)) = steps.split_first() else { return None };
    let (name, value) = table.iter().find(|(name, _)| name.get_ref() == wanted)?;
    Some(offset_within(value, rest).unwrap_or(name.span().start))
}

fn offset_within(value: &toml::Spanned<DeValue<'_>>, steps: &[Step]) -> Option<usize> {
    match (value.get_ref(), steps.split_first()) {
        (DeValue::Table(table), Some(_)) => offset_of(table, steps).or(Some(value.span().start)),
        (DeValue::Array(list), Some((Step::Index(index), rest))) => {
            let element = list.get(*index)?;
            offset_within(element, rest).or(Some(element.span().start))
        }
        _ => None,
    }
}

/// A secret that stands in a file of its own. White space around it does not count.
///
/// # Errors
///
/// The file cannot be read. The message names the file, never what is in it.
pub fn secret_file(path: &Path) -> Result<Zeroizing<String>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(Zeroizing::new(Zeroizing::new(text).trim().to_owned()))
}

/// A secret that stands in an environment variable.
///
/// # Errors
///
/// The variable is not set, or empty. The message names the variable, never what is in it.
pub fn secret_variable(name: &str) -> Result<Zeroizing<String>, String> {
    match std::env::var(name).map(Zeroizing::new) {
        Ok(text) if !text.trim().is_empty() => Ok(Zeroizing::new(text.trim().to_owned())),
        _ => Err(format!("the environment variable {name} is not set")),
    }
}
