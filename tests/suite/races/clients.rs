//! The end of all that a client holds, and requests about its grants, in every order.

use std::sync::Arc;

use grantsmith::record::{Authentication, Phase};
use grantsmith::server::{
    AdministrationError, Approved, Authorization, Decision, RegisteredClient, Registration, UserSession, Visitor,
};
use grantsmith::value::SessionId;
use grantsmith::wire::{FormRequest, TokenResponse};
use pollster::FutureExt as _;

use super::stage::{Director, Stage, as_storage};
use crate::token_world::{access, basic, code_of, redemption, refresh_of};
use crate::world::{API, REDIRECT_URI, Request, World, asked, code_in, parameter, resources, uris};

/// What is done to the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Grants,
    Client,
}

/// What happens meanwhile.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Meanwhile {
    Redeem,
    Refresh,
    Machine,
}

/// A client for one performance, so that nobody else's grants are listed.
struct Scene<'a> {
    world: &'a World,
    client: RegisteredClient,
}

impl<'a> Scene<'a> {
    fn new(world: &'a World, number: u32) -> Self {
        let mut registration = registration(&format!("client-{number}"));
        registration.grant_types.push(grantsmith::value::GrantType::ClientCredentials);
        Self { world, client: world.register(registration) }
    }

    async fn end(&self, end: End) -> Result<u64, AdministrationError> {
        match end {
            End::Grants => self.world.server.end_client(self.client.client.id()).await,
            End::Client => self.world.server.delete_client(self.client.client.id()).await,
        }
    }

    async fn post(&self, form: &str) -> Option<TokenResponse> {
        let header = basic(self.client.client.id().as_str(), self.client.secret.as_ref().unwrap().expose());
        let request = FormRequest::new(form.as_bytes()).with_authorization(header.as_bytes());
        self.world.server.token(&request).await.ok()
    }
}

/// Nothing works, for whoever has the client's name now.
fn assert_dead(world: &World, now: &RegisteredClient, tokens: &TokenResponse, what: &str) {
    assert!(!world.is_active(access(tokens)), "{what}");
    if tokens.refresh_token.is_some() {
        assert_eq!(code_of(world.refresh(now, refresh_of(tokens))), "invalid_grant", "{what}");
    }
}

fn registration(name: &str) -> Registration {
    Registration::confidential(uris(&[REDIRECT_URI]))
        .with_id(name.parse().unwrap())
        .with_scope("admin read write".parse().unwrap())
        .with_resources(resources(&[API]))
}

fn staged() -> (Arc<Stage>, World) {
    let stage = Arc::new(Stage::new(false));
    let world = World::build(as_storage(&stage), |builder| builder);
    (stage, world)
}

#[test]
fn nothing_that_was_under_way_outlives_the_end_of_the_client() {
    covers!("ATK-110");
    let (stage, world) = staged();
    for end in [End::Grants, End::Client] {
        for meanwhile in [Meanwhile::Redeem, Meanwhile::Refresh, Meanwhile::Machine] {
            let (mut director, mut performances) = (Director::default(), 0);
            loop {
                let name = performances + if end == End::Client { 10_000 } else { 0 };
                let scene = Scene::new(&world, name + 20_000 * number_of(meanwhile));
                let code = world.approved_code(&scene.client, "alice");
                let before = (meanwhile != Meanwhile::Redeem).then(|| world.redeem(&scene.client, &code).unwrap());
                let form = match meanwhile {
                    Meanwhile::Redeem => redemption(&code),
                    Meanwhile::Refresh => {
                        format!("grant_type=refresh_token&refresh_token={}", refresh_of(before.as_ref().unwrap()))
                    }
                    Meanwhile::Machine => "grant_type=client_credentials".to_owned(),
                };
                // The server forgets the client, so that it is read in the race.
                world.server.disable_client(scene.client.client.id()).block_on().unwrap();
                world.server.enable_client(scene.client.client.id()).block_on().unwrap();
                stage.raise_the_curtain(None);
                let (ended, issued) = director.play(scene.end(end), scene.post(&form));
                stage.lower_the_curtain();
                performances += 1;
                let what = format!("{end:?} {meanwhile:?}");
                assert!(ended.is_ok(), "{what}");

                let successor =
                    (end == End::Client).then(|| world.register(registration(scene.client.client.id().as_str())));
                let now = successor.as_ref().unwrap_or(&scene.client);
                for tokens in before.iter().chain(issued.iter().filter(|_| meanwhile != Meanwhile::Machine)) {
                    assert_dead(&world, now, tokens, &what);
                }
                if let (Meanwhile::Machine, Some(tokens)) = (meanwhile, &issued) {
                    // A machine may ask again at once; but not one that was deleted.
                    assert!(end == End::Grants || !world.is_active(access(tokens)), "{what}");
                }
                assert_eq!(code_of(world.redeem(now, &code)), "invalid_grant", "{what}");
                if !director.next() {
                    break;
                }
            }
            assert!(performances > 10, "{end:?} {meanwhile:?}: {performances}");
        }
    }
}

fn number_of(meanwhile: Meanwhile) -> u32 {
    match meanwhile {
        Meanwhile::Redeem => 1,
        Meanwhile::Refresh => 2,
        Meanwhile::Machine => 3,
    }
}

#[test]
fn an_approval_under_way_yields_nothing_that_works() {
    covers!("ATK-110");
    let (stage, world) = staged();
    for (offset, end) in [(100_000, End::Grants), (200_000, End::Client)] {
        let (mut director, mut performances, mut shown) = (Director::default(), 0, 0);
        loop {
            let scene = Scene::new(&world, offset + performances);
            let session = UserSession {
                subject: format!("user {offset} {performances}").parse().unwrap(),
                authentication: Authentication::at(world.now()),
            };
            assert_eq!(session.authentication.session, None::<SessionId>);
            let visitor = Visitor { session: Some(&session), ..Visitor::default() };
            let request = Request::of(&scene.client);
            let page = asked(world.server.authorize(request.query().as_bytes(), &visitor).block_on());
            let visitor = Visitor { session: Some(&session), binding: page.binding.as_deref(), caller: None };
            let decision = Decision::Approve(Approved::default());
            stage.raise_the_curtain(None);
            let approve = world.server.decide(&page.handle, &visitor, &decision);
            let (approved, ended) = director.play(approve, scene.end(end));
            stage.lower_the_curtain();
            performances += 1;
            assert!(ended.is_ok());

            if let Some(code) = parameter(&approved, "code") {
                shown += 1;
                assert_ne!(code_of(world.redeem(&scene.client, &code)), "ok", "{end:?}");
            }
            let live = world.grants_of(session.subject.as_str());
            let live = live.iter().filter(|grant| matches!(grant.phase(), Phase::Active(_))).count();
            assert_eq!(live, 0);
            if end == End::Grants && performances == 1 {
                let again: Authorization = world.browser_of("alice").approve_all(&Request::of(&scene.client));
                assert_eq!(code_of(world.redeem(&scene.client, &code_in(&again))), "ok");
            }
            if !director.next() {
                break;
            }
        }
        assert!(performances > 100 && shown > 0, "{end:?}: {performances}, {shown}");
    }
}

#[test]
fn who_registers_while_the_predecessor_is_deleted_keeps_what_it_gets() {
    let (stage, world) = staged();
    let (mut director, mut number, mut registered) = (Director::default(), 300_000, 0);
    loop {
        let scene = Scene::new(&world, number);
        let name = scene.client.client.id().as_str().to_owned();
        stage.raise_the_curtain(None);
        let mut anew = registration(&name);
        anew.grant_types.push(grantsmith::value::GrantType::ClientCredentials);
        let successor = async {
            let client = world.server.register(anew).await.ok()?;
            let header = basic(&name, client.secret.as_ref().unwrap().expose());
            let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(header.as_bytes());
            world.server.token(&request).await.ok()
        };
        let (deleted, tokens) = director.play(scene.end(End::Client), successor);
        stage.lower_the_curtain();
        number += 1;
        assert!(deleted.is_ok());

        if let Some(tokens) = tokens {
            registered += 1;
            assert!(world.is_active(access(&tokens)));
        }
        if !director.next() {
            break;
        }
    }
    assert!(number > 300_100 && registered > 0, "{registered}");
}
