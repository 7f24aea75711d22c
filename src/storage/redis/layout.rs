//! Where records and indexes are: the names of keys, and what indexes hold.
//!
//! ```text
//! {prefix:07}:<realm>:record:<kind>:<id>    hash: version, body, and columns for operators
//! {prefix:07}:<realm>:client:<name>         sorted set of <kind>:<id>; likewise subject, session
//! {prefix:07}:<realm>:clients               sorted set of <kind>:<id>
//! {prefix:07}:expiry                        sorted set of <second>:<realm>:<kind>:<id>; likewise due
//! ```
//!
//! `07` is one of 256 shards, which the record's key decides. What is in the braces decides the hash slot, so a record
//! and all entries that list it are in one slot, and one script writes them together. Sorted sets are in the order of
//! their members; all scores are zero.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::host::{Cursor, Filter, StorageError, StorageErrorKind};
use crate::record::{Key, Record, RecordKind};
use crate::value::{RealmFingerprint, Timestamp};

/// The names of all keys of one store.
#[derive(Debug)]
pub(super) struct Layout {
    prefix: Box<str>,
}

/// A record's place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) shard: u8,
    /// Before the names of the realm's keys in this shard.
    pub(super) realm: String,
    /// How the realm's indexes name the record.
    pub(super) name: String,
    /// How the indexes of all realms name it.
    pub(super) entry: String,
}

impl Layout {
    /// A layout whose keys begin with that prefix, if it is one.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_prefix = (1..=64).contains(&prefix.len()) && prefix.bytes().all(is_name);
        is_prefix.then(|| Self { prefix: prefix.into() })
    }

    pub(super) fn place(&self, key: &Key) -> Place {
        let (realm, name) = (realm_text(key.realm()), name_of(key));
        let shard = shard_of(key);
        Place { shard, realm: format!("{}:{realm}", self.shard(shard)), entry: format!("{realm}:{name}"), name }
    }

    pub(super) fn expiry(&self, shard: u8) -> String {
        format!("{}:expiry", self.shard(shard))
    }

    pub(super) fn due(&self, shard: u8) -> String {
        format!("{}:due", self.shard(shard))
    }

    /// A key for the write that a read waits behind.
    pub(super) fn barrier(&self, shard: u8) -> String {
        format!("{}:barrier", self.shard(shard))
    }

    /// The index of a filter in one shard.
    pub(super) fn index(&self, filter: &Filter, shard: u8) -> String {
        let of = |realm| format!("{}:{}", self.shard(shard), realm_text(realm));
        match filter {
            Filter::Clients(realm) => of(realm) + ":clients",
            Filter::Client(realm, client) => format!("{}:client:{client}", of(realm)),
            Filter::Due(_) => self.due(shard),
            Filter::Session(realm, session) => format!("{}:session:{session}", of(realm)),
            Filter::Subject(realm, subject) => format!("{}:subject:{subject}", of(realm)),
        }
    }

    fn shard(&self, shard: u8) -> String {
        format!("{{{}:{shard:02x}}}", self.prefix)
    }
}

impl Place {
    pub(super) fn record(&self) -> String {
        format!("{}:record:{}", self.realm, self.name)
    }

    /// The indexes by owner that are to list the record.
    pub(super) fn owners(&self, record: &Record) -> Vec<String> {
        let mut keys = Vec::new();
        keys.extend(record.client().map(|client| format!("{}:client:{client}", self.realm)));
        keys.extend(record.subject().map(|subject| format!("{}:subject:{subject}", self.realm)));
        keys.extend(record.session().map(|session| format!("{}:session:{session}", self.realm)));
        if matches!(record, Record::Client(_)) {
            keys.push(format!("{}:clients", self.realm));
        }
        keys
    }
}

/// What a filter makes of its index.
#[derive(Debug)]
pub(super) struct Range {
    /// The end of the members that count, as `ZRANGEBYLEX` wants it.
    pub(super) end: String,
    column: &'static str,
    owner: Option<String>,
}

impl Range {
    pub(super) fn of(filter: &Filter) -> Self {
        let whole = |column, owner: Option<&str>| Self { end: "+".into(), column, owner: owner.map(Into::into) };
        match filter {
            Filter::Clients(_) => whole("version", None),
            Filter::Client(_, client) => whole("client", Some(client.as_str())),
            Filter::Due(at) => Self { end: until(*at), column: "due_at", owner: None },
            Filter::Session(_, session) => whole("session", Some(session.as_str())),
            Filter::Subject(_, subject) => whole("subject", Some(subject.as_str())),
        }
    }

    /// The key that a member names, and the column of the record that says whether it belongs there: with this value,
    /// or with any if it is empty.
    pub(super) fn read<'a>(&'a self, filter: &Filter, member: &'a str) -> Option<(Key, &'static str, &'a str)> {
        let (key, value) = match filter {
            Filter::Due(_) => {
                let (at, entry) = member.split_once(':')?;
                (key_of_entry(entry)?, at)
            }
            Filter::Clients(realm)
            | Filter::Client(realm, _)
            | Filter::Session(realm, _)
            | Filter::Subject(realm, _) => (key_of_name(*realm, member)?, self.owner.as_deref().unwrap_or_default()),
        };
        Some((key, self.column, value))
    }
}

/// The cursor after a member of a shard's index.
pub(super) fn write_cursor(shard: u8, member: &str) -> Cursor {
    let bytes: Vec<u8> = [shard].into_iter().chain(member.bytes()).collect();
    Cursor::new(&bytes)
}

/// The shard and the member that a listing of the filter goes on after.
pub(super) fn read_cursor<'a>(
    cursor: &'a Cursor,
    filter: &Filter,
    range: &Range,
) -> Result<(u8, &'a str), StorageError> {
    let read = || {
        let (shard, member) = cursor.as_bytes().split_first()?;
        let member = str::from_utf8(member).ok()?;
        let (key, ..) = range.read(filter, member)?;
        (shard_of(&key) == *shard).then_some((*shard, member))
    };
    read().ok_or_else(|| StorageError::new(StorageErrorKind::Unavailable).because("the cursor is not of this listing"))
}

/// The second of an entry in an index by time, and the key that the entry names.
pub(super) fn read_timed(member: &str) -> Option<(&str, Key)> {
    let (at, entry) = member.split_once(':')?;
    Some((at, key_of_entry(entry)?))
}

/// An instant as indexes and columns have it. Texts of one length are in the order of time.
pub(super) fn second(at: Timestamp) -> String {
    format!("{:019}", at.as_seconds().max(0))
}

/// The end of the members of an index by time at or before that instant: `;` comes after `:`.
pub(super) fn until(at: Timestamp) -> String {
    format!("({};", second(at))
}

/// The shard of a key: Fowler, Noll and Vo's hash (1a, 32 bits), folded. Stored data depends on it.
fn shard_of(key: &Key) -> u8 {
    let bytes = key.realm().iter().chain(key.kind().as_str().as_bytes()).chain(key.id());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes().into_iter().fold(0, |folded, byte| folded ^ byte)
}

fn realm_text(realm: &RealmFingerprint) -> String {
    URL_SAFE_NO_PAD.encode(realm)
}

/// `<kind>:<id>`, without the zeros at the id's end.
fn name_of(key: &Key) -> String {
    let used = key.id().iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let id = URL_SAFE_NO_PAD.encode(key.id().get(..used).unwrap_or_default());
    format!("{}:{id}", key.kind().as_str())
}

fn key_of_name(realm: RealmFingerprint, name: &str) -> Option<Key> {
    let (kind, id) = name.split_once(':')?;
    let used = URL_SAFE_NO_PAD.decode(id).ok()?;
    let mut id = [0; 32];
    id.get_mut(..used.len())?.copy_from_slice(&used);
    Some(Key::from_parts(realm, RecordKind::from_name(kind)?, id))
}

fn key_of_entry(entry: &str) -> Option<Key> {
    let (realm, name) = entry.split_once(':')?;
    let realm = URL_SAFE_NO_PAD.decode(realm).ok()?.try_into().ok()?;
    key_of_name(realm, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: [u8; 32]) -> Key {
        Key::from_parts([7; 16], RecordKind::Grant, id)
    }

    #[test]
    fn a_key_is_read_from_what_indexes_hold() {
        let layout = Layout::new("p").unwrap();
        let mut short = [0; 32];
        short[3] = 9;
        for id in [[0; 32], [255; 32], short] {
            let place = layout.place(&key(id));

            assert_eq!(key_of_name([7; 16], &place.name), Some(key(id)));
            assert_eq!(key_of_entry(&place.entry), Some(key(id)));
        }
        assert_eq!(layout.place(&key(short)).name, "grant:AAAACQ");
    }

    #[test]
    fn a_record_and_its_indexes_share_what_is_hashed() {
        let layout = Layout::new("p").unwrap();
        let place = layout.place(&key([1; 32]));
        let tag = format!("{{p:{:02x}}}:", place.shard);

        let clients = layout.index(&Filter::Clients([7; 16]), place.shard);
        for key in [place.record(), layout.expiry(place.shard), layout.due(place.shard), clients] {
            assert!(key.starts_with(&tag), "{key}");
        }
    }

    #[test]
    fn shards_stay_where_they_were() {
        let shards = [[0; 32], [1; 32], [255; 32]].map(|id| shard_of(&key(id)));

        assert_eq!(shards, SHARDS);
    }

    #[test]
    fn keys_spread_over_all_shards() {
        let mut counts = [0_u32; 256];
        for number in 0..65_536_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            counts[usize::from(shard_of(&key(id)))] += 1;
        }

        assert!(counts.iter().all(|count| (128..512).contains(count)), "{counts:?}");
    }

    #[test]
    fn times_are_in_order_as_text() {
        let seconds = [i64::MIN, 0, 1, 4_102_444_800, i64::MAX - 1, i64::MAX];
        let texts = seconds.map(|at| second(Timestamp::from_seconds(at)));

        assert!(texts.is_sorted());
        assert!(texts.iter().all(|text| text.len() == 19));
        assert!(format!("({}:x", texts[3]) < until(Timestamp::from_seconds(seconds[3])));
        assert!(format!("({}:x", texts[4]) > until(Timestamp::from_seconds(seconds[3])));
    }

    #[test]
    fn a_prefix_cannot_change_what_is_hashed() {
        for prefix in ["", "a{b", "a}b", "a:b", "a b", &"x".repeat(65)] {
            assert!(Layout::new(prefix).is_none(), "{prefix}");
        }
        assert!(Layout::new("grantsmith-2_test.x").is_some());
    }

    const SHARDS: [u8; 3] = [134, 97, 118];
}
