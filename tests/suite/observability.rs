//! What a host learns of every request: an event for each outcome, a span, a counter.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Once};

use async_trait::async_trait;
use grantsmith::host::{Attempt, RateLimited, RateLimiter};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::Lifetime;
use grantsmith::wire::FormRequest;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use pollster::FutureExt as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::faults::fragile;
use crate::token_world::{TokenWorld, Wish, access, refresh_of};
use crate::world::{Request, World, asked};

thread_local! {
    /// What `tracing` was told on this thread, while somebody listens.
    static HEARD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Has `tracing` ask, from now on and on every thread, whether somebody listens.
///
/// It remembers for the whole process that nobody cares about a place in the source if it meets that place before it has a
/// subscriber. So this comes before the first server.
pub(crate) fn subscribe() {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        let listening = dynamic_filter_fn(|_, _| HEARD.with_borrow(Option::is_some));
        let lines = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(|| Heard)
            .with_filter(listening);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines)).unwrap();
    });
}

/// Everything that `tracing` was told while something ran, spans at their end included.
pub(crate) fn traced<T>(run: impl FnOnce() -> T) -> (T, String) {
    subscribe();
    HEARD.set(Some(Vec::new()));
    let result = run();
    (result, String::from_utf8(HEARD.take().unwrap()).unwrap())
}

struct Heard;

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with_borrow_mut(|heard| heard.as_mut().unwrap().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Ask<'a> = &'a dyn Fn(&TokenWorld);

/// The events that a request leaves, by the first word of each.
fn told(world: &TokenWorld, request: impl FnOnce(&TokenWorld)) -> Vec<String> {
    let before = world.events.lines().len();
    request(world);
    let first_word = |line: &String| line.split([' ', '{']).next().unwrap_or_default().to_owned();
    world.events.lines().iter().skip(before).map(first_word).collect()
}

#[test]
fn every_outcome_of_the_endpoints_for_clients_is_told_of() {
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    let machine = "grant_type=client_credentials&scope=read";

    let requests: [(&str, Ask<'_>); 12] = [
        ("Issued", &|world| drop(world.token(&world.machine, machine).unwrap())),
        ("Refused", &|world| drop(world.token(&world.web, "grant_type=nothing").unwrap_err())),
        ("Refused", &|world| drop(world.server.token(&FormRequest::new(b"a=%zz")).block_on().unwrap_err())),
        ("Refused", &|world| drop(world.server.introspect(&FormRequest::new(b"a=%zz")).block_on().unwrap_err())),
        ("Refused", &|world| drop(world.server.revoke(&FormRequest::new(b"a=%zz")).block_on().unwrap_err())),
        ("AuthenticationFailed", &|world| {
            let request = FormRequest::new(b"client_id=nobody&client_secret=none");
            drop(world.server.token(&request).block_on().unwrap_err());
        }),
        ("Introspected", &|world| assert!(world.is_active(access(&tokens)))),
        ("Introspected", &|world| assert!(!world.is_active("nothing"))),
        ("Refused", &|world| {
            let form = format!("client_id={}", world.app.client.id());
            drop(world.server.revoke(&FormRequest::new(form.as_bytes())).block_on().unwrap_err());
        }),
        ("AccessTokenRevoked", &|world| world.revoke(&world.web, access(&tokens)).unwrap()),
        ("NothingRevoked", &|world| world.revoke(&world.web, access(&tokens)).unwrap()),
        ("Ended", &|world| world.revoke(&world.web, refresh_of(&tokens)).unwrap()),
    ];
    for (number, (expected, ask)) in requests.into_iter().enumerate() {
        assert_eq!(told(&world, ask), [expected], "{number}");
    }
}

#[test]
fn every_outcome_in_front_of_a_browser_is_told_of() {
    let world = World::new();
    let mut stranger = world.browser();
    let mut alice = world.browser_of("alice");

    assert_eq!(told(&world, |_| drop(stranger.authorize(&Request::of(&world.web)))), ["Asked"]);
    let interaction = asked(alice.authorize(&Request::of(&world.web)));
    assert_eq!(told(&world, |_| drop(alice.approve(&interaction.handle))), ["Approved"]);
    let unknown = Request::of(&world.web).with("client_id", "nobody");
    assert_eq!(told(&world, |_| drop(alice.authorize(&unknown))), ["Refused"]);
    assert_eq!(told(&world, |_| drop(alice.approve("no handle"))), ["Refused"]);
}

#[test]
fn a_request_that_fails_for_the_storage_is_told_of_as_such() {
    let (world, storage) = fragile();
    storage.inject(storage.counts().total(), Fault::Error);

    let told = told(&world, |world| drop(world.token(&world.machine, "grant_type=client_credentials").unwrap_err()));

    assert_eq!(told, ["StorageFailed", "Unavailable"]);
}

struct Nobody;

#[async_trait]
impl RateLimiter for Nobody {
    async fn check(&self, _: &Attempt<'_>) -> Result<(), RateLimited> {
        Err(RateLimited { retry_after: Lifetime::seconds(7) })
    }

    async fn failed(&self, _: &Attempt<'_>) {}
}

#[test]
fn a_request_that_the_limiter_stops_is_told_of_and_costs_no_storage() {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
    let world = TokenWorld::build(storage.clone(), |builder| builder.rate_limiter(Arc::new(Nobody)));
    let before = storage.counts().total();

    let told = told(&world, |world| {
        drop(world.token(&world.web, "grant_type=client_credentials").unwrap_err());
        drop(world.revoke(&world.app, "nothing").unwrap_err());
    });

    assert_eq!(told, ["RateLimited", "RateLimited"]);
    assert_eq!(storage.counts().total(), before);
}

#[test]
fn a_span_says_endpoint_client_grant_type_outcome_and_refusal() {
    let world = TokenWorld::new();
    let client = world.web.client.id().to_string();
    let code = world.code(&world.web, &Wish::default());

    let (_, good) = traced(|| world.redeem(&world.web, &code).unwrap());
    let (_, bad) = traced(|| world.redeem(&world.web, &code).unwrap_err());

    let span = format!(
        "oauth.token{{oauth.client={client} oauth.grant_type=\"authorization_code\" oauth.outcome=\"issued\"}}"
    );
    assert!(good.lines().any(|line| line.contains("close") && has_fields(line, "oauth.token{", &span)), "{good}");
    assert!(bad.contains("oauth.outcome=\"refused\""), "{bad}");
    assert!(bad.contains("oauth.refusal=\""), "{bad}");
    assert!(bad.lines().any(|line| line.contains("ERROR") && line.contains("compromised")), "{bad}");
}

/// Whether the span in a line has the fields of another text, in any order.
fn has_fields(line: &str, name: &str, expected: &str) -> bool {
    let fields = |text: &str| {
        let (_, rest) = text.split_once(name)?;
        let (fields, _) = rest.split_once('}')?;
        let mut fields: Vec<_> = fields.split(' ').map(str::to_owned).collect();
        fields.sort();
        Some(fields)
    };
    fields(line).is_some() && fields(line) == fields(expected)
}

#[test]
fn a_span_of_the_hosts_own_is_left_alone() {
    let world = TokenWorld::new();

    let ((), text) = traced(|| {
        let span = tracing::info_span!("host", oauth.outcome = "mine");
        let _entered = span.enter();
        world.server.end_subject(&"alice".parse().unwrap()).block_on().unwrap();
    });

    assert!(text.lines().any(|line| line.contains("subject_ended")), "{text}");
    assert!(!text.lines().any(|line| line.contains("close") && line.contains("subject_ended")), "{text}");
}

#[test]
fn counters_have_labels_from_fixed_sets_only() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let world = TokenWorld::new();
        for _ in 0..3 {
            world.token(&world.machine, "grant_type=client_credentials&scope=read").unwrap();
        }
        let code = world.code(&world.web, &Wish::default());
        world.redeem(&world.web, &code).unwrap();
        world.redeem(&world.web, &code).unwrap_err();
        world.token(&world.web, "grant_type=%22%0ahostile").unwrap_err();
        for name in ["one", "two", "three"] {
            let form = format!("grant_type=client_credentials&client_id={name}&client_secret=x");
            world.server.token(&FormRequest::new(form.as_bytes())).block_on().unwrap_err();
        }
    });

    let mut counted: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
            let DebugValue::Counter(count) = value else { panic!("{key:?} is no counter") };
            (key.key().name().to_owned(), labels.join(" "), count)
        })
        .collect();
    counted.sort();
    let lines: Vec<_> = counted.iter().map(|(name, labels, count)| format!("{name} {labels} {count}")).collect();
    assert_eq!(
        lines,
        [
            "grantsmith_events_total authentication_failed token 3",
            "grantsmith_events_total client_changed registered 5",
            "grantsmith_events_total compromised code_replayed 1",
            "grantsmith_events_total issued authorization_code 1",
            "grantsmith_events_total issued client_credentials 3",
            "grantsmith_events_total refused token 2",
        ]
    );
}
