//! As much HTML as the little browser needs: tags with their attributes, and the text that follows them.

/// A start or end tag.
pub struct Tag<'a> {
    /// In lower case; an end tag begins with a slash.
    pub name: String,
    attributes: Vec<(&'a str, String)>,
    /// What stands between this tag and the next.
    pub text: &'a str,
}

impl Tag<'_> {
    /// The value of an attribute; empty if it stands without one.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The tags of a document in order. Comments and scripts are not treated apart: the pages here have none.
pub fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let start = rest.find('<')?;
        let (inside, after) = split_at_end(&rest[start + 1..])?;
        let text = &after[..after.find('<').unwrap_or(after.len())];
        rest = after;
        let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        Some(Tag { name: name.to_ascii_lowercase(), attributes: read_attributes(attributes), text })
    })
}

/// A line for the transcript: the title, and what the forms ask for.
pub fn summary(html: &str) -> String {
    let title = tags(html).find(|tag| tag.name == "title").map_or_else(String::new, |tag| decoded(tag.text));
    let shown = tags(html).filter_map(|tag| match (tag.name.as_str(), tag.attribute("type")) {
        ("input", Some("hidden")) => None,
        ("input", _) => Some(format!("[{}]", tag.attribute("name")?)),
        ("button", _) => Some(format!("({})", decoded(tag.text).trim())),
        _ => None,
    });
    std::iter::once(format!("“{title}”")).chain(shown).collect::<Vec<_>>().join("  ")
}

/// Text without character references. Knows those that our pages use.
pub fn decoded(text: &str) -> String {
    let mut decoded = text.to_owned();
    for (reference, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        decoded = decoded.replace(reference, character);
    }
    decoded
}

/// Splits at the `>` that ends a tag: the first one outside quotes.
fn split_at_end(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return Some((&text[..at], &text[at + 1..])),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

fn read_attributes(text: &str) -> Vec<(&str, String)> {
    let mut attributes = Vec::new();
    let mut rest = text.trim_matches(|character: char| character.is_whitespace() || character == '/');
    while !rest.is_empty() {
        let name_end = rest.find(|character: char| character.is_whitespace() || character == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let value;
        (value, rest) = match after.strip_prefix('=') {
            Some(after) => read_value(after),
            None => ("", after),
        };
        attributes.push((name, decoded(value)));
        rest = rest.trim_start();
    }
    attributes
}

fn read_value(text: &str) -> (&str, &str) {
    let quoted = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.split_once(quote));
    quoted.unwrap_or_else(|| text.split_once(char::is_whitespace).unwrap_or((text, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_every_notation() {
        let html = r#"<p><INPUT type=hidden name="a b" value='x &amp;amp; > "y"' required><br/>"#;
        let input = tags(html).find(|tag| tag.name == "input").expect("an input");
        assert_eq!(input.attribute("type"), Some("hidden"));
        assert_eq!(input.attribute("name"), Some("a b"));
        assert_eq!(input.attribute("value"), Some("x &amp; > \"y\""));
        assert_eq!(input.attribute("required"), Some(""));
    }

    #[test]
    fn a_summary_names_what_a_person_sees() {
        let html =
            "<title>Sign in</title><form><input type=hidden name=handle><input name=username><button>Go on</button>";
        assert_eq!(summary(html), "“Sign in”  [username]  (Go on)");
    }
}
