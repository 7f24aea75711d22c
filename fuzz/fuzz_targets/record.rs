//! Stored records: what is read is written as it was, and what is not understood is refused.

#![no_main]

use grantsmith::record::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(record) = Record::decode(body) else { return };
    let written = record.encode().expect("what was read can be written");
    let again = Record::decode(&written).expect("what was written can be read");
    assert_eq!(again.encode().expect("it was written before"), written);
    let facts = |record: &Record| {
        let names = (record.subject().cloned(), record.client().cloned(), record.session().cloned());
        (record.key(), record.expires_at(), record.due_at(), names)
    };
    assert_eq!(facts(&again), facts(&record));
});
