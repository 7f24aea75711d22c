//! The longest names and the largest records.

use std::sync::Arc;

use super::sample::{NOW, Owner, parsed};
use super::trial::{Outcome, Trial, ensure, realm};
use crate::record::{AccessToken, AccessTokens, Active, Approval, Grant, Identity, Narrowed, Record};
use crate::value::{Digest, GrantId, InstanceId, Lifetime, Resource, ResourceSet, ScopeSet};

pub(super) async fn longest_names_are_kept(trial: &Trial) -> Outcome {
    let mut owners = Vec::new();
    // Alike but for their ends; ends that a fixed-width column would pad away.
    for end in ["a", "b", "A", " a", "  ", "\\", "~"] {
        let ending = |length: usize, fill: &str| fill.repeat(length.saturating_sub(end.len())) + end;
        let long = Owner {
            realm: ending(512, "r").parse()?,
            client: parsed(&ending(512, "c"))?,
            subject: parsed(&ending(255, "s"))?,
            session: parsed(&ending(255, "t"))?,
        };
        owners.push(Owner { realm: realm()?, ..long.clone() });
        owners.push(long);
    }
    let every_byte: String = (' '..='~').collect();
    owners.push(Owner::named(&every_byte.parse()?, &every_byte)?);

    let mut grants = Vec::new();
    for (number, owner) in (0..).zip(&owners) {
        let saved = trial.create(owner.grant(number, NOW)).await?;
        trial.holds(&saved, "when its names were as long as names get").await?;
        grants.push(saved.record.key());
    }
    for (owner, own) in owners.iter().zip(grants) {
        for filter in owner.filters() {
            let keys = trial.list(&filter, 10).await?;
            let length = keys.len();
            ensure(keys.contains(&own), || "a listing by one of the longest names missed its record".to_owned())?;
            ensure(length == 1, || format!("a listing by one of the longest names had {length} records instead of 1"))?;
        }
    }
    identifiers_are_exact(trial).await
}

/// Identifiers are any text. Those that look alike are different.
async fn identifiers_are_exact(trial: &Trial) -> Outcome {
    let owner = Owner::named(&realm()?, "alice")?;
    let mut identifiers: Vec<String> = [
        "e\u{301}",
        "\u{e9}",
        "E\u{301}",
        "\u{c9}",
        "ss",
        "\u{df}",
        "SS",
        "\u{1e9e}",
        "i",
        "I",
        "\u{130}",
        "\u{131}",
        "K",
        "\u{212a}",
        "\u{3c3}",
        "\u{3c2}",
        "a",
        "a ",
        " a",
        "a\0",
        "a\0b",
        "\0",
        "",
        "\u{200b}",
        "a\u{200d}",
        "\u{feff}a",
        "\u{fffd}",
        "\u{202e}a",
        "\r\n",
        "\n",
        "%00",
        "\\0",
        "\\u0000",
        "\u{e000}",
        "\u{ffff}",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    let planes = (0..=16_u32).filter_map(|plane| char::from_u32(plane << 16 | 0x4e8c));
    identifiers.extend(planes.map(String::from));
    identifiers.extend(["x", "y"].map(|last| "\u{1f980}".repeat(10_000) + last));
    let mut stored = Vec::new();
    for identifier in &identifiers {
        stored.push(trial.create(owner.used(identifier, NOW)).await?);
    }
    for (saved, identifier) in stored.iter().zip(&identifiers) {
        let shown: String = identifier.chars().take(8).collect();
        trial.holds(saved, &format!("when its identifier began with {shown:?}")).await?;
    }
    Ok(())
}

/// A grant with as many tokens as a policy allows by default, all of them narrowed to a scope as long as scopes get.
pub(super) async fn largest_record_survives(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let stored = trial.create(largest(&alice, 64)?).await?;
    trial.holds(&stored, "when it was as large as records get").await?;
    let smaller = trial.update(&stored, largest(&alice, 1)?).await?;
    trial.holds(&smaller, "when it had been as large as records get").await?;
    let larger = trial.update(&smaller, largest(&alice, 64)?).await?;
    trial.holds(&larger, "when it had become as large as records get").await
}

fn largest(owner: &Owner, tokens: u32) -> Outcome<Record> {
    let scope: Vec<String> = (0..372).map(|number| format!("scope:{number:04}")).collect();
    let scope: ScopeSet = parsed(&scope.join(" "))?;
    let resources = (10..26).map(|number| parsed(&format!("https://api.example/{number}/{}", "p".repeat(480))));
    let resources: Vec<Resource> = resources.collect::<Outcome<_>>()?;
    let audience = resources.first().cloned().map(ResourceSet::from).unwrap_or_default();
    let narrowed = Arc::new(Narrowed { scope: scope.clone(), audience });
    let access: Vec<AccessToken> = (0..tokens)
        .map(|serial| AccessToken {
            serial,
            digest: Digest::of(&[&serial.to_be_bytes()]),
            issued_at: NOW,
            expires_at: NOW.after(Lifetime::minutes(60)),
            narrowed: Some(Arc::clone(&narrowed)),
            confirmation: None,
        })
        .collect();
    let active = Active { access: AccessTokens::from(access), ..Active::default() };
    let user = owner.approval(NOW, scope.clone());
    let resources = ResourceSet::new(resources).unwrap_or_default();
    let approval = Approval { scope, resources, user: Some(Box::new(user)) };
    let identity = Identity {
        id: GrantId::from_bytes([7; 12]),
        realm: &owner.realm,
        client: &owner.client,
        client_instance: InstanceId::from_bytes([0; 16]),
        held_until: NOW,
    };
    Ok(Record::Grant(Arc::new(Grant::issued_at(NOW, identity, approval, active))))
}
