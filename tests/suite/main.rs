//! The integration suite. The list of modules is the table of contents.

#![cfg(test)]

/// Names the requirements that a test shows.
macro_rules! covers {
    ($($id:literal),+ $(,)?) => {
        $(let _: &str = $id;)+
    };
}

mod storage;
