//! Keys and bodies: what a store must keep apart, and keep whole.

use super::sample::{NOW, Owner};
use super::trial::{Outcome, Trial, ensure, realm};
use crate::host::{Expected, Saved};
use crate::record::{Record, Version, Versioned};
use crate::value::{Lifetime, Realm, Timestamp};

pub(super) async fn body_survives(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let texts = [
        "Ünïcödé, 漢字, 🦀, e\u{301} and \u{e9}",
        "quotes ' \" ` and \\ backslashes \\\\ \\u0041",
        "controls \u{0} \u{1} \t \r\n \u{7f} \u{2028} \u{feff}",
        " space before and after ",
        "",
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let owner = Owner { client: super::sample::parsed(&format!("client {number}"))?, ..alice.clone() };
        let saved = trial.create(owner.client(text)).await?;
        trial.holds(&saved, &format!("when its text had {text:?}")).await?;
    }
    let large = Owner { client: super::sample::parsed(&"c".repeat(512))?, ..alice.clone() };
    let records = [
        large.client(&"long ".repeat(20_000)),
        alice.grant(0, NOW),
        alice.grant(u64::MAX, NOW),
        alice.consent(NOW),
        alice.session(Timestamp::MAX).into(),
        alice.session(NOW).ended_at(NOW, NOW.after(Lifetime::days(1))).into(),
        alice.epoch(NOW).into(),
        alice.used("early", Timestamp::from_seconds(i64::MAX - 1)),
    ];
    for record in records {
        let key = record.key();
        if let Some(found) = trial.load(key).await? {
            trial.remove(key, found.version, Saved::Applied, "removing under the stored version").await?;
        }
        let saved = trial.create(record).await?;
        trial.holds(&saved, "after its first save").await?;
    }
    versions_survive(trial, &alice).await
}

/// Bytes that a text column, an escape or a signed number would change.
async fn versions_survive(trial: &Trial, owner: &Owner) -> Outcome {
    let patterns: [[u8; 4]; 4] = [[0, 0, 0, 0], [0xff, 0xfe, 0x80, 0xc3], *b"\\x41", *b"' OR"];
    for (number, pattern) in (1000..).zip(patterns) {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(pattern.into_iter().cycle()) {
            *to = from;
        }
        let saved = Versioned { version: Version::from_bytes(bytes), record: owner.grant(number, NOW) };
        trial.save(&saved, Expected::Absent, Saved::Applied, "the first save of a record").await?;
        trial.holds(&saved, &format!("when its version was {:?}", saved.version)).await?;
    }
    Ok(())
}

pub(super) async fn kinds_are_separate(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    // One name each, and the same: the ids are equal, the kinds are not.
    are_separate(trial, vec![alice.client("alice"), alice.session(NOW).into(), alice.epoch(NOW).into()]).await?;
    // Two names each: what a user agreed to, and what a purpose was used for.
    let user = Owner { subject: super::sample::parsed("contract")?, ..alice };
    are_separate(trial, vec![user.consent(NOW), user.used("alice", NOW)]).await
}

pub(super) async fn realms_are_separate(trial: &Trial) -> Outcome {
    let names = ["https://contract.example", "https://contract.example/", "HTTPS://CONTRACT.EXAMPLE"];
    let mut realms: Vec<Realm> = names.into_iter().map(str::parse).collect::<Result<_, _>>()?;
    for tenant in 0..20 {
        realms.push(format!("https://contract.example/{tenant}").parse()?);
    }
    let owners = realms.iter().map(|realm| Owner::named(realm, "alice")).collect::<Outcome<Vec<_>>>()?;
    are_separate(trial, owners.iter().map(|owner| owner.grant(1, NOW)).collect()).await?;
    are_separate(trial, owners.iter().map(|owner| owner.session(NOW).into()).collect()).await?;
    are_separate(trial, owners.iter().map(|owner| owner.client("alice")).collect()).await
}

async fn are_separate(trial: &Trial, records: Vec<Record>) -> Outcome {
    let ids: Vec<_> = records.iter().map(|record| *record.key().id()).collect();
    ensure(ids.iter().all(|id| Some(id) == ids.first()), || "the suite uses different ids".to_owned())?;
    let mut stored = Vec::new();
    for record in records {
        stored.push(trial.create(record).await?);
    }
    for saved in &stored {
        trial.holds(saved, "after another key of the same id was saved").await?;
    }
    for number in 0..stored.len() {
        let (gone, kept) = stored.split_at(number + 1);
        if let Some(last) = gone.last() {
            let what = "removing under the stored version";
            trial.remove(last.record.key(), last.version, Saved::Applied, what).await?;
            trial.lacks(last.record.key(), "after it was removed").await?;
        }
        for saved in kept {
            trial.holds(saved, "after another key of the same id was removed").await?;
        }
    }
    Ok(())
}
