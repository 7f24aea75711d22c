//! As much HTML as our own pages need: forms with their fields, and the text between tags.

/// A form, as a browser would send it.
#[derive(Clone, Debug)]
pub struct Form {
    pub method: String,
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The form whose button has that class, with what that button sends.
    pub fn of_button(html: &str, class: &str) -> Option<Self> {
        let mut rest = html;
        while let Some(start) = rest.find("<form") {
            let end = rest[start..].find("</form>")? + start;
            let inside = &rest[start..end];
            if let Some(button) = tags(inside, "button").find(|tag| has_class(tag, class)) {
                return Some(Self::read(inside, button));
            }
            rest = &rest[end + 1..];
        }
        None
    }

    fn read(inside: &str, button: &str) -> Self {
        let form = tags(inside, "form").next().unwrap_or_default();
        let inputs = tags(inside, "input").filter(|tag| !has(tag, "checkbox") || has(tag, "checked"));
        let fields = inputs
            .chain([button])
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())));
        Self {
            method: attribute(form, "method").unwrap_or_default(),
            action: attribute(form, "action").unwrap_or_default(),
            fields: fields.collect(),
        }
    }

    /// The form with that field filled in.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The form without a field of that value: a box that is unchecked.
    #[must_use]
    pub fn uncheck(mut self, value: &str) -> Self {
        self.fields.retain(|(_, known)| known != value);
        self
    }
}

/// The inside of every tag of that name.
pub fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let open = format!("<{name}");
    html.match_indices(&open).map(|(at, _)| at).collect::<Vec<_>>().into_iter().filter_map(move |at| {
        let tag = &html[at..];
        tag.get(open.len()..)?.starts_with([' ', '>']).then_some(&tag[..tag.find('>')?])
    })
}

/// The value of an attribute.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(decoded(rest.split_once('"')?.0))
}

/// The text of the first element of that name.
pub fn text_of(html: &str, name: &str) -> String {
    let after = html.split_once(&format!("<{name}")).and_then(|(_, rest)| rest.split_once('>'));
    after.map(|(_, rest)| decoded(rest.split('<').next().unwrap_or_default())).unwrap_or_default()
}

fn has(tag: &str, word: &str) -> bool {
    tag.split([' ', '"', '=']).any(|part| part == word)
}

fn has_class(tag: &str, class: &str) -> bool {
    attribute(tag, "class").is_some_and(|classes| classes.split(' ').any(|known| known == class))
}

fn decoded(text: &str) -> String {
    let references = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&"), ("&amp;", "&")];
    references.iter().fold(text.to_owned(), |text, (reference, character)| text.replace(reference, character))
}
