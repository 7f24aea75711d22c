//! A worker: a process that is made to be killed.
//!
//! It answers whatever comes over its socket, many requests at once, until the socket or its life ends.

use std::path::Path;
use std::sync::Arc;

use grantsmith::host::{DerivedKeyring, Event, EventSink, Storage};
use grantsmith::policy::Policy;
use grantsmith::record::Authentication;
use grantsmith::server::{
    Approved, Authorization, AuthorizationServer, Decision, EndpointError, Unavailable, UserSession, Visitor,
};
use grantsmith::value::{Lifetime, Realm, Timestamp};
use grantsmith::wire::{ErrorCode, FormRequest};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use url::Url;

use crate::broken::{Broken, Flaw};
use crate::database::Address;
use crate::protocol::{Answer, Form, Issuer, Line, Question, Request, User};

/// Serves until the socket ends.
pub(crate) async fn serve(socket: &Path, address: &Address, flaw: Option<Flaw>) {
    let stream = UnixStream::connect(socket).await.unwrap();
    let storage = address.open_when_it_answers().await;
    let storage = match flaw {
        Some(flaw) => Arc::new(Broken::new(storage, flaw)),
        None => storage,
    };
    let (read, write) = stream.into_split();
    let (lines, said) = mpsc::unbounded_channel();
    tokio::spawn(speak(write, said));
    let servers = Issuer::ALL.map(|issuer| server(issuer, &storage, &lines));
    let mut questions = BufReader::new(read).lines();
    while let Ok(Some(line)) = questions.next_line().await {
        let question: Question = serde_json::from_str(&line).unwrap();
        let [strict, patient] = &servers;
        let server = if question.issuer == Issuer::Strict { strict } else { patient };
        let (server, lines) = (server.clone(), lines.clone());
        tokio::spawn(async move {
            let answer = answer(&server, question.request).await;
            let _ = lines.send(Line::Answer { number: question.number, answer });
        });
    }
}

/// The server of an issuer, over that storage.
pub(crate) fn server(issuer: Issuer, storage: &Arc<dyn Storage>, lines: &UnboundedSender<Line>) -> AuthorizationServer {
    let mut policy = Policy::default();
    // Nothing that is looked at expires during a run, but for what has an expiry of its own.
    policy.access_token_lifetime = Lifetime::minutes(60);
    policy.code_lifetime = Lifetime::minutes(10);
    if issuer == Issuer::Patient {
        policy.refresh_retry_window = Lifetime::seconds(60);
    }
    let keyring = Arc::new(DerivedKeyring::new(1, [7; 32]).unwrap());
    AuthorizationServer::builder(issuer.url(), Arc::clone(storage), keyring)
        .policy(policy)
        .events(Arc::new(Accusations(lines.clone())))
        .build()
        .unwrap()
}

async fn speak(mut to: tokio::net::unix::OwnedWriteHalf, mut said: UnboundedReceiver<Line>) {
    while let Some(line) = said.recv().await {
        let mut text = serde_json::to_vec(&line).unwrap();
        text.push(b'\n');
        if to.write_all(&text).await.is_err() {
            return;
        }
    }
}

async fn answer(server: &AuthorizationServer, request: Request) -> Answer {
    match request {
        Request::Token(form) => match server.token(&request_of(&form)).await {
            Ok(tokens) => Answer::Tokens {
                access: tokens.access_token.expose().to_owned(),
                refresh: tokens.refresh_token.map(|token| token.expose().to_owned()),
            },
            Err(error) => refusal(&error),
        },
        Request::Introspect(form) => match server.introspect(&request_of(&form)).await {
            Ok(answer) => Answer::Active(answer.active().is_some()),
            Err(error) => refusal(&error),
        },
        Request::Revoke(form) => match server.revoke(&request_of(&form)).await {
            Ok(()) => Answer::Done,
            Err(error) => refusal(&error),
        },
        Request::Authorize { query, user } => {
            let session = session(&user);
            let visitor = Visitor { session: Some(&session), ..Visitor::default() };
            shown(server.authorize(query.as_bytes(), &visitor).await)
        }
        Request::Decide { handle, binding, user } => {
            let session = session(&user);
            let visitor = Visitor { session: Some(&session), binding: Some(&binding), caller: None };
            shown(server.decide(&handle, &visitor, &Decision::Approve(Approved::default())).await)
        }
        Request::EndSubject(subject) => done(server.end_subject(&subject.parse().unwrap()).await),
        Request::EndSession(session) => done(server.end_session(&session.parse().unwrap()).await),
        Request::Sweep => done(swept_a_little(server).await),
    }
}

/// A sweep in small pieces, of which a run sees more: each ends while its worker lives.
async fn swept_a_little(server: &AuthorizationServer) -> Result<(), Unavailable> {
    server.finish_due(2).await?;
    server.purge_expired(100).await?;
    Ok(())
}

fn request_of(form: &Form) -> FormRequest<'_> {
    let request = FormRequest::new(form.body.as_bytes());
    match &form.authorization {
        Some(header) => request.with_authorization(header.as_bytes()),
        None => request,
    }
}

fn refusal(error: &EndpointError) -> Answer {
    match error {
        EndpointError::Unavailable(unavailable) => Answer::Failed(unavailable.to_string()),
        _ => Answer::Refused(error.to_string()),
    }
}

fn done<T>(result: Result<T, Unavailable>) -> Answer {
    result.map_or_else(|error| Answer::Failed(error.to_string()), |_| Answer::Done)
}

fn session(user: &User) -> UserSession {
    let mut authentication = Authentication::at(Timestamp::from_seconds(user.logged_in_at));
    authentication.session = Some(user.session.parse().unwrap());
    UserSession { subject: user.subject.parse().unwrap(), authentication }
}

fn shown(next: Authorization) -> Answer {
    match next {
        Authorization::Ask(page) => Answer::Asked { handle: page.handle, binding: page.binding.unwrap_or_default() },
        Authorization::ErrorPage(page) if page.status() == 503 => Answer::Failed("an error page".into()),
        Authorization::ErrorPage(page) => Answer::Refused(format!("{:?}", page.kind())),
        Authorization::FormPost(_) => Answer::Refused("a form, which was not asked for".into()),
        Authorization::Redirect(location) => {
            let location = Url::parse(&location).unwrap();
            let parameter = |name| location.query_pairs().find(|(have, _)| have == name).map(|(_, value)| value);
            match (parameter("code"), parameter("error")) {
                (Some(code), None) => Answer::Code(code.into_owned()),
                (_, Some(error)) if is_passing(&error) => Answer::Failed(error.into_owned()),
                (_, error) => Answer::Refused(error.unwrap_or_default().into_owned()),
            }
        }
    }
}

fn is_passing(error: &str) -> bool {
    [ErrorCode::ServerError, ErrorCode::TemporarilyUnavailable].iter().any(|code| code.to_string() == error)
}

/// Tells of accusations, before the answer that goes with them.
struct Accusations(UnboundedSender<Line>);

impl EventSink for Accusations {
    fn record(&self, _: &Realm, event: &Event<'_>) {
        let (subject, reason) = match event {
            Event::Compromised { subject, compromise, .. } => {
                (subject.map(|subject| subject.as_str().to_owned()), format!("{compromise:?}"))
            }
            Event::StorageRolledBack { .. } => (None, "StorageRolledBack".into()),
            _ => return,
        };
        let _ = self.0.send(Line::Accused { subject, reason });
    }
}
