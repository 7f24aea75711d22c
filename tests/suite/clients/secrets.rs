//! Replacing a client's secret.

use grantsmith::record::WhichSecret;
use grantsmith::server::{AdministrationError, RotatedSecret, SecretRotation};
use grantsmith::value::{ClientSecret, InvalidClientSecret, Lifetime};
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use super::stored;
use crate::token_world::{TokenWorld, basic, code_of};

fn rotate(world: &TokenWorld, rotation: SecretRotation) -> Result<RotatedSecret, AdministrationError> {
    world.server.rotate_secret(world.machine.client.id(), rotation).block_on()
}

fn overlap() -> SecretRotation {
    SecretRotation::with_overlap(Lifetime::minutes(10))
}

fn works(world: &TokenWorld, secret: &str) -> bool {
    let header = basic(world.machine.client.id().as_str(), secret);
    let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(header.as_bytes());
    code_of(world.server.token(&request).block_on()) == "ok"
}

fn first(world: &TokenWorld) -> &str {
    world.machine.secret.as_ref().unwrap().expose()
}

#[test]
fn the_old_secret_works_beside_the_new_one_for_as_long_as_was_said() {
    let world = TokenWorld::new();

    let new = rotate(&world, overlap()).unwrap();

    let new = new.secret.expose();
    assert_eq!(new.len(), 43);
    assert!(works(&world, first(&world)) && works(&world, new));
    world.advance(599);
    assert!(works(&world, first(&world)));
    world.advance(1);
    assert!(!works(&world, first(&world)) && works(&world, new));
}

#[test]
fn a_secret_in_foreign_hands_is_replaced_at_once() {
    let world = TokenWorld::new();
    let second = rotate(&world, overlap()).unwrap();

    let third = rotate(&world, SecretRotation::at_once()).unwrap();

    assert!(!works(&world, first(&world)) && !works(&world, second.secret.expose()));
    assert!(works(&world, third.secret.expose()));
    assert_eq!(stored(&world, world.machine.client.id()).record.secrets.len(), 1);
}

#[test]
fn there_are_never_three_secrets() {
    let world = TokenWorld::new();
    let second = rotate(&world, overlap()).unwrap();

    assert!(matches!(rotate(&world, overlap()), Err(AdministrationError::TwoSecrets)));

    assert!(works(&world, first(&world)) && works(&world, second.secret.expose()));
    // One that has expired does not count.
    world.advance(600);
    let third = rotate(&world, overlap()).unwrap();
    assert!(works(&world, second.secret.expose()) && works(&world, third.secret.expose()));
    assert_eq!(stored(&world, world.machine.client.id()).record.secrets.len(), 2);
}

#[test]
fn the_old_secret_can_be_dropped_before_its_time() {
    let world = TokenWorld::new();
    let new = rotate(&world, overlap()).unwrap();

    world.server.drop_secret(world.machine.client.id(), WhichSecret::Older).block_on().unwrap();

    assert!(!works(&world, first(&world)) && works(&world, new.secret.expose()));
    // The last one stays.
    let id = world.machine.client.id();
    let before = stored(&world, id).version;
    assert_eq!(world.server.drop_secret(id, WhichSecret::Newer).block_on().unwrap().version, before);
    assert!(works(&world, new.secret.expose()));
}

#[test]
fn a_new_secret_that_nobody_saw_can_be_dropped() {
    let world = TokenWorld::new();
    let lost = rotate(&world, overlap()).unwrap();

    world.server.drop_secret(world.machine.client.id(), WhichSecret::Newer).block_on().unwrap();
    let again = rotate(&world, overlap()).unwrap();

    assert!(!works(&world, lost.secret.expose()));
    assert!(works(&world, first(&world)) && works(&world, again.secret.expose()));
}

#[test]
fn a_rotation_never_prolongs_the_old_secret() {
    let world = TokenWorld::new();
    let mut short = overlap();
    short.new_expires_at = Some(world.now().after(Lifetime::seconds(60)));
    let second = rotate(&world, short).unwrap();
    world.server.drop_secret(world.machine.client.id(), WhichSecret::Older).block_on().unwrap();

    rotate(&world, SecretRotation::with_overlap(Lifetime::days(1))).unwrap();

    assert!(works(&world, second.secret.expose()));
    world.advance(60);
    assert!(!works(&world, second.secret.expose()));
}

#[test]
fn a_public_client_gets_no_secret() {
    let world = TokenWorld::new();

    let outcome = world.server.rotate_secret(world.app.client.id(), overlap()).block_on();

    assert!(matches!(outcome, Err(AdministrationError::Invalid(_))));
}

#[test]
fn what_is_printed_of_a_rotation_is_no_secret() {
    covers!("ATK-296");
    let world = TokenWorld::new();
    let rotated = rotate(&world, overlap()).unwrap();
    let parsed: Result<ClientSecret, InvalidClientSecret> = rotated.secret.expose().parse();

    let printed = format!("{rotated:?} {rotated:#?} {parsed:?}");

    assert!(!printed.contains(rotated.secret.expose()));
    assert!(!printed.contains(&format!("{:02x}", rotated.secret.digest().as_bytes()[0]).repeat(4)));
    let body = grantsmith::record::Record::Client(rotated.client).encode().unwrap();
    assert!(!String::from_utf8(body).unwrap().contains(rotated.secret.expose()));
}
