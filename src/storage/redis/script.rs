//! The scripts, and how one is called.

use std::sync::LazyLock;

use redis::{Cmd, Script, Value, cmd};

/// A script with its name in the server's cache.
pub(super) struct Code {
    text: &'static str,
    hash: LazyLock<Box<str>>,
}

macro_rules! code {
    ($($file:literal),+) => {{
        const TEXT: &str = concat!($(include_str!(concat!("scripts/", $file))),+);
        Code { text: TEXT, hash: LazyLock::new(|| Script::new(TEXT).get_hash().into()) }
    }};
}

pub(super) static SAVE: Code = code!("common.lua", "save.lua");
pub(super) static REMOVE: Code = code!("common.lua", "remove.lua");
pub(super) static PURGE: Code = code!("common.lua", "purge.lua");
pub(super) static PRUNE: Code = code!("prune.lua");

/// A call of a script.
pub(super) struct Call<'a> {
    pub(super) code: &'static Code,
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) arguments: Vec<&'a [u8]>,
}

/// What a script answers.
pub(super) enum Answer {
    Done(bool),
    /// It needs these keys, too.
    Missing(Vec<Vec<u8>>),
}

impl Call<'_> {
    /// The call of a script that the server remembers.
    pub(super) fn short(&self) -> Cmd {
        self.command("EVALSHA", &self.code.hash)
    }

    /// The call that makes the server remember it.
    pub(super) fn whole(&self) -> Cmd {
        self.command("EVAL", self.code.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(script).arg(self.keys.len());
        for key in &self.keys {
            command.arg(key);
        }
        for argument in &self.arguments {
            command.arg(*argument);
        }
        command
    }
}

impl Answer {
    pub(super) fn read(value: Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self::Done(number == 1)),
            Value::Array(keys) => keys.into_iter().map(bytes).collect::<Option<_>>().map(Self::Missing),
            _ => None,
        }
    }
}

/// The bytes of an answer that is one text.
pub(super) fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}
