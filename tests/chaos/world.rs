//! Everything that a client, a user, a host or a resource server needs to ask something.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::time::sleep;

use crate::clients::{Clients, Role};
use crate::fleet::Fleet;
use crate::ledger::{Held, Ledger};
use crate::protocol::{Answer, Form, Issuer, Request};
use crate::tally::{Ending, Kind, Tally};

/// One run.
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) strict: Clients,
    pub(crate) patient: Clients,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) tally: Tally,
    /// Set when nothing new shall be begun.
    pub(crate) is_over: AtomicBool,
}

/// What whoever asked is told.
pub(crate) enum Outcome {
    Done(Answer),
    Refused(String),
    /// There was no answer, or one that says nothing: it may have happened.
    Unknown,
}

impl World {
    pub(crate) fn clients(&self, issuer: Issuer) -> &Clients {
        match issuer {
            Issuer::Strict => &self.strict,
            Issuer::Patient => &self.patient,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Asks that worker.
    pub(crate) async fn ask(&self, worker: usize, kind: Kind, issuer: Issuer, request: Request) -> Outcome {
        let (ending, outcome) = match self.fleet.ask(worker, issuer, request).await {
            None | Some(Answer::Failed(_)) => (Ending::Unknown, Outcome::Unknown),
            Some(Answer::Refused(reason)) => (Ending::Refused, Outcome::Refused(reason)),
            Some(answer) => (Ending::Done, Outcome::Done(answer)),
        };
        self.tally.count(kind, ending);
        if ending == Ending::Unknown {
            // Nobody hammers on a server that does not answer.
            sleep(Duration::from_millis(100)).await;
        }
        outcome
    }

    /// Asks one of the workers.
    pub(crate) async fn ask_any(&self, draw: &mut StdRng, kind: Kind, issuer: Issuer, request: Request) -> Outcome {
        self.ask(draw.random_range(0..2), kind, issuer, request).await
    }

    /// Asks again while nobody knows, at most so often in all.
    pub(crate) async fn ask_until_known(
        &self,
        draw: &mut StdRng,
        kind: Kind,
        issuer: Issuer,
        (request, most): (Request, usize),
    ) -> Outcome {
        for _ in 0..most {
            match self.ask_any(draw, kind, issuer, request.clone()).await {
                Outcome::Unknown => {}
                known => return known,
            }
        }
        Outcome::Unknown
    }

    /// The resource server asks about one of the access tokens.
    pub(crate) async fn introspect(&self, draw: &mut StdRng, held: &mut Held, token: usize) {
        let request = Request::Introspect(self.question_about(held.issuer, &held.access[token].0));
        if let Outcome::Done(Answer::Active(active)) = self.ask_any(draw, Kind::Introspect, held.issuer, request).await
        {
            self.ledger.introspected(held, token, active);
        }
    }

    /// What the resource server sends to ask about a token.
    pub(crate) fn question_about(&self, issuer: Issuer, token: &str) -> Form {
        self.clients(issuer).form(Role::Api, &format!("token={token}"))
    }
}
