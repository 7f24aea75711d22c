//! JSON objects of known size.

/// Writes one flat JSON object into a buffer that is allocated once, if the caller knew the size.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(bytes);
        buffer.push(b'{');
        Self(buffer)
    }

    /// A member whose value is a string, escaped where it must be.
    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        self.quoted(value);
        self
    }

    /// A member whose value is a number.
    pub(super) fn number(&mut self, name: &str, value: i64) -> &mut Self {
        self.name(name);
        let mut digits = [0; 20];
        let mut rest = value.unsigned_abs();
        let mut length = 0;
        for slot in digits.iter_mut().rev() {
            *slot = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            length += 1;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.0.push(b'-');
        }
        self.0.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
        self
    }

    /// A member whose value is `true` or `false`.
    pub(super) fn truth(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// A member whose value is a list of strings.
    pub(super) fn texts<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) -> &mut Self {
        self.name(name);
        self.0.push(b'[');
        for (index, value) in values.enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            self.quoted(value);
        }
        self.0.push(b']');
        self
    }

    /// The finished object, with capacity for nothing more.
    pub(super) fn end(self) -> Vec<u8> {
        let mut buffer = self.0;
        buffer.push(b'}');
        buffer.shrink_to_fit();
        buffer
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.quoted(name);
        self.0.push(b':');
    }

    fn quoted(&mut self, text: &str) {
        self.0.push(b'"');
        if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.0.extend_from_slice(text.as_bytes());
        } else {
            for byte in text.bytes() {
                match byte {
                    b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
                    0..0x20 => self.0.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                    _ => self.0.push(byte),
                }
            }
        }
        self.0.push(b'"');
    }
}
