//! Listings: by owner and by due time.

use std::collections::HashSet;

use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, ensure, realm};
use crate::host::{Cursor, Filter, Saved};
use crate::record::Key;
use crate::value::Lifetime;

impl Owner {
    pub(super) fn filters(&self) -> [Filter; 3] {
        let realm = *self.realm.fingerprint();
        [
            Filter::Client(realm, self.client.clone()),
            Filter::Session(realm, self.session.clone()),
            Filter::Subject(realm, self.subject.clone()),
        ]
    }
}

pub(super) async fn finds_all(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let mut keys = Vec::new();
    let session = trial.create(alice.session(NOW).ended_at(NOW, NOW).into()).await?.record.key();
    for number in 0..40 {
        keys.push(trial.create(alice.grant(number, NOW)).await?.record.key());
    }
    let consent = trial.create(alice.consent(NOW)).await?.record.key();
    let mut clients = Vec::new();
    for number in 0..10 {
        let client = Owner::named(&realm()?, &format!("client {number}"))?.client("");
        clients.push(trial.create(client).await?.record.key());
    }

    let [by_client, by_session, by_subject] = alice.filters();
    let grants = &keys;
    for limit in [1, 7, 1000] {
        lists(trial, &by_session, limit, grants).await?;
        lists(trial, &by_client, limit, &[grants.as_slice(), &[consent]].concat()).await?;
        lists(trial, &by_subject, limit, &[grants.as_slice(), &[consent, session]].concat()).await?;
        lists(trial, &Filter::Clients(*realm()?.fingerprint()), limit, &clients).await?;
        lists(trial, &Filter::Due(NOW), limit, &[session]).await?;
    }
    Ok(())
}

pub(super) async fn names_no_stranger(trial: &Trial) -> Outcome {
    let long = "n".repeat(254);
    let names = [
        "alice",
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "alic",
        "alicea",
        "a",
        "al%",
        "%",
        "_lice",
        "alice*",
        "*",
        "?",
        "alice\\",
        "\\",
        "'",
        "''",
        "\"",
        "`",
        "alice' OR '1'='1",
        "alice'; DROP TABLE records; --",
        "alice:grant",
        "alice/grant",
        "{alice}",
        "[alice]",
        "$1",
        ":1",
        "?1",
        "NULL",
        "null",
        "0",
        "00",
        "1e2",
        "100",
        "(alice)",
    ];
    let mut names: Vec<String> = names.into_iter().map(ToOwned::to_owned).collect();
    names.extend(["1", "2"].map(|last| format!("{long}{last}")));
    let mut owners = Vec::new();
    for realm in [realm()?, "https://other.example".parse()?] {
        for name in &names {
            owners.push(Owner::named(&realm, name)?);
        }
    }
    let mut grants = Vec::new();
    for (number, owner) in (0..).zip(&owners) {
        grants.push(trial.create(owner.grant(number, NOW)).await?.record.key());
    }
    for (owner, own) in owners.iter().zip(&grants) {
        for filter in owner.filters() {
            let listed = lists(trial, &filter, 100, &[*own]).await?;
            let strangers = grants.iter().filter(|key| *key != own && listed.contains(key)).count();
            ensure(strangers == 0, || format!("{filter:?} listed {strangers} records of others"))?;
        }
    }
    Ok(())
}

pub(super) async fn follows_owner(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let bob = Owner { subject: Owner::named(&realm()?, "bob")?.subject, ..alice.clone() };
    let stored = trial.create(alice.session(NOW).into()).await?;
    let key = stored.record.key();
    let stored = trial.update(&stored, bob.session(NOW).into()).await?;
    let [_, _, of_bob] = bob.filters();
    lists(trial, &of_bob, 10, &[key]).await?;

    let ended = trial.update(&stored, bob.session(NOW).ended_at(NOW, NOW).into()).await?;
    lists(trial, &Filter::Due(NOW), 10, &[key]).await?;
    lists(trial, &of_bob, 10, &[key]).await?;

    trial.remove(key, ended.version, Saved::Applied, "removing under the stored version").await?;
    trial.create(alice.session(NOW).into()).await?;
    let [_, _, of_alice] = alice.filters();
    lists(trial, &of_alice, 10, &[key]).await.map(drop)
}

pub(super) async fn survives_change(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let mut stored = Vec::new();
    for number in 0..30 {
        stored.push(trial.create(alice.grant(number, NOW)).await?);
    }
    let [_, _, filter] = alice.filters();
    let (mut listed, mut after) = (HashSet::new(), None);
    for number in 1000..1000 + MOST_PAGES {
        let page = trial.storage().list(&filter, after.as_ref(), 4).await?;
        // What was named is ended, as after a logout, while another request is approved.
        for key in page.keys {
            if listed.insert(key)
                && let Some(found) = trial.load(key).await?
            {
                trial.remove(key, found.version, Saved::Applied, "removing under the stored version").await?;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
        // What was not named yet is used: refreshed, or given a new access token.
        if let Some(saved) = stored.iter_mut().rev().find(|saved| !listed.contains(&saved.record.key())) {
            *saved = trial.update(saved, saved.record.clone()).await?;
        }
        if number < 1010 {
            trial.create(alice.grant(number, NOW)).await?;
        }
    }
    let missed = stored.iter().filter(|saved| !listed.contains(&saved.record.key())).count();
    ensure(missed == 0, || format!("{missed} of 30 records were never named while others were removed between pages"))
}

pub(super) async fn due_is_by_time(trial: &Trial) -> Outcome {
    let mut sessions = Vec::new();
    for (number, realm) in [realm()?, "https://other.example".parse()?].iter().enumerate() {
        for second in 0..10 {
            let at = NOW.after(Lifetime::seconds(second));
            let owner = Owner::named(realm, &format!("session {number} {second}"))?;
            let session = owner.session(NOW).ended_at(at, at);
            sessions.push((at, trial.create(session.into()).await?.record.key()));
        }
        trial.create(Owner::named(realm, "idle")?.session(NOW).into()).await?;
    }
    for (now, _) in &sessions {
        let due: Vec<Key> = sessions.iter().filter(|(at, _)| at <= now).map(|(_, key)| *key).collect();
        let listed = lists(trial, &Filter::Due(*now), 3, &due).await?;
        let early = listed.iter().filter(|key| !due.contains(key)).count();
        ensure(early == 0, || format!("{early} records were listed that were not due yet, or not at all"))?;
    }
    Ok(())
}

pub(super) async fn foreign_cursor_is_refused(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    for number in 0..3 {
        trial.create(alice.grant(number, NOW)).await?;
    }
    let cursors: [&[u8]; 6] = [b"", b"\0", b"not a cursor", b"' OR 1=1 --", b"\xff\xfe%", &[0xff; 1000]];
    for filter in alice.filters().into_iter().chain([Filter::Due(NOW), Filter::Clients(*alice.realm.fingerprint())]) {
        for bytes in cursors {
            let answer = trial.storage().list(&filter, Some(&Cursor::new(bytes)), 10).await;
            ensure(answer.is_err(), || format!("the cursor {:?} was accepted", bytes.escape_ascii().to_string()))?;
        }
    }
    Ok(())
}

/// The listing has all of them.
async fn lists(trial: &Trial, filter: &Filter, limit: u32, keys: &[Key]) -> Outcome<HashSet<Key>> {
    let listed = trial.list(filter, limit).await?;
    match keys.iter().find(|key| !listed.contains(key)) {
        None => Ok(listed),
        Some(key) => {
            let kind = key.kind().as_str();
            Err(Broken::new(format!("{filter:?}, in pages of {limit}, did not list a {kind} that was saved before")))
        }
    }
}

/// Far more than one for each of a few dozen records.
const MOST_PAGES: u64 = 1000;
