//! An approval, and the end of what it relies on, in every order.

use std::cell::Cell;
use std::sync::Arc;

use grantsmith::record::{Authentication, Grant, Phase, Record, Session};
use grantsmith::server::{Approved, Authorization, Decision, UserSession, Visitor};
use grantsmith::value::Timestamp;
use pollster::FutureExt as _;

use super::stage::{Director, Fault, Stage, as_storage};
use crate::world::{Request, World, asked, parameter};

/// What happens while the user approves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Meanwhile {
    /// The same approval once more: a double click.
    Approve,
    /// A denial in the other tab.
    Deny,
    /// All grants of the user are ended.
    EndSubject,
    /// The login session is ended.
    EndSession,
    /// The consent is withdrawn.
    Withdraw,
}

/// A server that is kept for all orders, because each has a user of its own.
struct Theatre {
    stage: Arc<Stage>,
    world: World,
    next: Cell<u32>,
}

impl Theatre {
    fn new() -> Self {
        let stage = Arc::new(Stage::new(false));
        let world = World::build(as_storage(&stage), |builder| builder);
        Self { stage, world, next: Cell::new(0) }
    }

    /// A consent page that is shown to the next user.
    fn race(&self, meanwhile: Meanwhile) -> Race<'_> {
        let number = self.next.replace(self.next.get() + 1);
        let mut authentication = Authentication::at(self.world.now());
        if meanwhile == Meanwhile::EndSession {
            authentication.session = Some(format!("session {number}").parse().unwrap());
        }
        let session = UserSession { subject: format!("user {number}").parse().unwrap(), authentication };
        if let Some(id) = &session.authentication.session {
            // Something was approved in it before, so that there are fewer orders to play.
            let opened = Session::opened(self.world.server.realm(), id, &session.subject, Timestamp::MAX);
            self.world.put(Record::Session(opened.into()), 0);
        }
        let visitor = Visitor { session: Some(&session), ..Visitor::default() };
        let request = Request::of(&self.world.web);
        let page = asked(self.world.server.authorize(request.query().as_bytes(), &visitor).block_on());
        Race { stage: &self.stage, world: &self.world, handle: page.handle, cookie: page.binding.unwrap(), session }
    }
}

struct Race<'a> {
    stage: &'a Stage,
    world: &'a World,
    handle: String,
    cookie: String,
    session: UserSession,
}

impl Race<'_> {
    async fn decide(&self, decision: Decision) -> Authorization {
        let visitor = Visitor { session: Some(&self.session), binding: Some(&self.cookie), caller: None };
        self.world.server.decide(&self.handle, &visitor, &decision).await
    }

    async fn meanwhile(&self, meanwhile: Meanwhile) -> Option<Authorization> {
        let server = &self.world.server;
        let subject = &self.session.subject;
        let ended = match meanwhile {
            Meanwhile::Approve => return Some(self.decide(Decision::Approve(Approved::default())).await),
            Meanwhile::Deny => return Some(self.decide(Decision::Deny).await),
            Meanwhile::EndSubject => server.end_subject(subject).await,
            Meanwhile::EndSession => server.end_session(self.session.authentication.session.as_ref().unwrap()).await,
            Meanwhile::Withdraw => server.withdraw_consent(subject, self.world.web.client.id()).await,
        };
        ended.unwrap();
        None
    }

    fn grants(&self) -> Vec<Arc<Grant>> {
        self.world.grants_of(self.session.subject.as_str())
    }

    fn live(&self) -> usize {
        self.grants().iter().filter(|grant| !matches!(grant.phase(), Phase::Ended(_))).count()
    }

    /// Whether a code that was shown to the browser yields tokens.
    fn is_good(&self, answer: &Authorization) -> bool {
        parameter(answer, "code").is_some_and(|code| self.world.redeem(&self.world.web, &code).is_ok())
    }
}

/// Plays every order; the check gets the race and both answers.
fn play(meanwhile: Meanwhile, mut check: impl FnMut(&Race<'_>, Authorization, Option<Authorization>)) -> usize {
    let (theatre, mut director, mut performances) = (Theatre::new(), Director::default(), 0);
    loop {
        let race = theatre.race(meanwhile);
        race.stage.raise_the_curtain(None);
        let approve = race.decide(Decision::Approve(Approved::default()));
        let (approved, other) = director.play(approve, race.meanwhile(meanwhile));
        race.stage.lower_the_curtain();
        performances += 1;
        check(&race, approved, other);
        if !director.next() {
            return performances;
        }
    }
}

#[test]
fn an_approval_that_was_overtaken_yields_nothing() {
    covers!("ATK-110");
    for meanwhile in [Meanwhile::EndSubject, Meanwhile::EndSession] {
        let (mut good, mut bad) = (0, 0);

        let performances = play(meanwhile, |race, approved, _| {
            let is_shown = parameter(&approved, "code").is_some();
            // A grant whose code nobody has seen does not outlive the end.
            assert!(is_shown || race.live() == 0, "{meanwhile:?}");
            if race.is_good(&approved) { good += 1 } else { bad += 1 }
        });

        assert!(performances > 100 && bad > 0, "{meanwhile:?}: {performances}, {good}, {bad}");
        // Nothing is approved in a session that has ended; a user may approve again after the end of all grants.
        assert_eq!(good > 0, meanwhile == Meanwhile::EndSubject);
    }
}

#[test]
fn an_approval_before_the_withdrawal_ends_with_it() {
    covers!("ATK-110");
    play(Meanwhile::Withdraw, |race, approved, _| {
        let is_good = race.is_good(&approved);
        assert_eq!(race.live(), usize::from(is_good));
    });
}

#[test]
fn two_approvals_give_one_grant_and_one_code() {
    covers!("ATK-052");
    let mut approvals = 0;
    play(Meanwhile::Approve, |race, first, second| {
        let first = parameter(&first, "code").unwrap();
        assert_eq!(Some(first), parameter(&second.unwrap(), "code"));
        assert_eq!(race.grants().len(), 1);
        approvals += 1;
        assert_eq!(race.world.events.count("Approved"), approvals);
    });
}

#[test]
fn of_an_approval_and_a_denial_one_stands() {
    covers!("ATK-052");
    play(Meanwhile::Deny, |race, first, second| {
        let second = second.unwrap();
        assert_eq!(parameter(&first, "code"), parameter(&second, "code"));
        assert_eq!(parameter(&first, "error"), parameter(&second, "error"));
        assert_eq!(race.grants().len(), 1);
    });
}

#[test]
fn an_approval_survives_a_lost_acknowledgement() {
    covers!("ATK-293");
    let theatre = Theatre::new();
    for fault in [Fault::ErrorBefore, Fault::ErrorAfter] {
        // The consent, then the grant.
        for save in 0..2 {
            let race = theatre.race(Meanwhile::Approve);
            race.stage.raise_the_curtain(Some((save, fault)));
            let approve = race.decide(Decision::Approve(Approved { remember: true, ..Approved::default() }));
            let (approved, ()) = Director::default().play(approve, async {});
            race.stage.lower_the_curtain();
            assert!(race.is_good(&approved), "{fault:?} at {save}");
            assert_eq!(race.grants().len(), 1);
        }
    }
}

#[test]
fn a_dropped_approval_leaves_all_or_nothing() {
    covers!("ATK-293");
    let theatre = Theatre::new();
    for polls in 0..10 {
        let race = theatre.race(Meanwhile::EndSession);
        race.stage.raise_the_curtain(None);
        {
            let mut future =
                Box::pin(race.decide(Decision::Approve(Approved { remember: true, ..Approved::default() })));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..polls {
                if std::future::Future::poll(future.as_mut(), &mut context).is_ready() {
                    break;
                }
            }
        }
        race.stage.lower_the_curtain();

        // The user presses the button again.
        let again = race.decide(Decision::Approve(Approved::default())).block_on();

        assert!(race.is_good(&again), "{polls}");
        assert_eq!(race.grants().len(), 1);
    }
}
