//! Measures grantsmith against `oauth-as` (its `http` service) and `oxide-auth` on the same work.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --csv
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --growth --check
//! ```
//!
//! | Option | Effect |
//! |---|---|
//! | `--csv` | prints `operation,ours,peer,ratio,goal,ok\|short` for each figure and nothing else to standard output |
//! | `--check` | exits with 1 if a figure is short of its goal |
//! | `--growth` | adds the figures up to 10^6 live grants; takes minutes and some gigabytes |
//! | `--rounds <n>` | how often everything is repeated; the best round counts |
//! | `--only <text>` | only the figures of operations that begin with the text |
//! | `--profile <library>` | only answers with one library and times nothing else, for a profiler to watch |
//!
//! The peer of a figure is `oauth-as`; what `oxide-auth` needs is told beside, or `n/a` where it has no such endpoint.
//! Costs are nanoseconds of thread CPU time for one request, from `http::Request` to `http::Response`, with 1,000 live
//! grants in memory storage. Everybody uses a confidential client with HTTP Basic.

mod clock;
mod control;
mod growth;
mod oauth_as;
mod ours;
mod oxide_auth;
mod report;
mod single;
mod subject;
mod threads;

use std::process::ExitCode;

use crate::growth::{Growth, grow};
use crate::oauth_as::OauthAs;
use crate::ours::Ours;
use crate::oxide_auth::OxideAuth;
use crate::report::{Figure, Goal};
use crate::single::{Best, Load, ensure_honest, round_if_offered};
use crate::subject::{Operation, Subject};
use crate::threads::Scaling;

fn main() -> ExitCode {
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(complaint) => {
            eprintln!("{complaint}");
            return ExitCode::from(2);
        }
    };
    if let Some(library) = &options.profile {
        match library.as_str() {
            Ours::NAME => profile::<Ours>(&options),
            OauthAs::NAME => profile::<OauthAs>(&options),
            OxideAuth::NAME => profile::<OxideAuth>(&options),
            _ => eprintln!("unknown library {library}"),
        }
        return ExitCode::SUCCESS;
    }
    ensure_honest::<Ours>();
    ensure_honest::<OauthAs>();
    ensure_honest::<OxideAuth>();
    let mut report = Report { csv: options.csv, short: false };
    report.start();
    costs(&options, &mut report);
    two_threads(&options, &mut report);
    revocation_stays_flat(&options, &mut report);
    if options.growth {
        growth(&options, &mut report);
    }
    ExitCode::from(u8::from(options.check && report.short))
}

fn costs(options: &Options, report: &mut Report) {
    for operation in options.operations() {
        let mut ours = Best::default();
        let mut oauth_as = Best::default();
        let mut oxide_auth = Best::default();
        for _ in 0..options.rounds {
            round_if_offered::<Ours>(operation, Load::STANDARD, &mut ours);
            round_if_offered::<OauthAs>(operation, Load::STANDARD, &mut oauth_as);
            round_if_offered::<OxideAuth>(operation, Load::STANDARD, &mut oxide_auth);
        }
        let [ours, oauth_as] = [ours, oauth_as].map(|best| best.nanoseconds().unwrap_or(f64::NAN));
        let oxide_auth = oxide_auth.nanoseconds().map_or_else(|| "n/a".to_owned(), |cost| format!("{cost:.2}"));
        let figure = Figure::cost(operation.name(), ours, oauth_as, goal(operation));
        report.add(&figure.with_remark(format!("oxide-auth {oxide_auth}")));
    }
}

fn goal(operation: Operation) -> f64 {
    match operation {
        Operation::ClientCredentials | Operation::RedeemCode | Operation::Refresh => 2.0,
        Operation::Introspect => 1.5,
        Operation::RevokeRefreshToken => 6.0,
    }
}

fn two_threads(options: &Options, report: &mut Report) {
    for operation in options.operations() {
        let mut ours = Scaling::default();
        let mut oauth_as = Scaling::default();
        let mut control = Scaling::default();
        for round in 0..options.rounds {
            control.measure_control();
            ours.measure::<Ours>(operation);
            // Not judged, and its revocation takes long.
            if round < 2 {
                oauth_as.measure::<OauthAs>(operation);
            }
        }
        let surcharges = [ours, oauth_as].map(Scaling::surcharge);
        let [ours, oauth_as, control] = [ours, oauth_as, control].map(Scaling::factor);
        let figure = Figure {
            name: format!("two threads: {}", operation.name()),
            ours,
            peer: control,
            ratio: ours / control,
            goal: Goal::AtLeast(0.85),
            remark: format!(
                "peer is the control loop; oauth-as {oauth_as:.2}; CPU time x{:.2}, oauth-as x{:.2}",
                surcharges[0], surcharges[1]
            ),
        };
        report.add(&figure);
    }
}

fn revocation_stays_flat(options: &Options, report: &mut Report) {
    let operation = Operation::RevokeRefreshToken;
    if !options.operations().any(|chosen| chosen == operation) {
        return;
    }
    let (ours, _) = grow::<Ours>(&[operation], 100_000, 1);
    let (oauth_as, _) = grow::<OauthAs>(&[operation], 100_000, 1);
    add_growths("10^5", &ours, &oauth_as, report);
}

fn growth(options: &Options, report: &mut Report) {
    let judged = [Operation::Introspect, Operation::Refresh, Operation::RevokeRefreshToken];
    let operations: Vec<Operation> = options.operations().filter(|operation| judged.contains(operation)).collect();
    let (ours, ours_worst) = grow::<Ours>(&operations, 1_000_000, 2);
    let (oauth_as, oauth_as_worst) = grow::<OauthAs>(&operations, 1_000_000, 1);
    add_growths("10^6", &ours, &oauth_as, report);
    let [ours, peer] = [ours_worst, oauth_as_worst].map(|worst| worst.as_secs_f64() * 1e3);
    report.add(&Figure::growth("worst request up to 10^6 grants (ms)".to_owned(), ours, peer, 2.0));
}

fn add_growths(many: &str, ours: &[Growth], oauth_as: &[Growth], report: &mut Report) {
    for (ours, oauth_as) in ours.iter().zip(oauth_as) {
        let name = format!("{}, 10^3 to {many} grants", ours.operation.name());
        let figure = Figure::growth(name, ours.factor(), oauth_as.factor(), 2.0);
        report.add(&figure.with_remark(ours.remark()));
    }
}

fn profile<S: Subject>(options: &Options) {
    for operation in options.operations() {
        let mut best = Best::default();
        for _ in 0..options.rounds {
            round_if_offered::<S>(operation, Load::STANDARD, &mut best);
        }
        if let Some(cost) = best.nanoseconds() {
            println!("{}, {}: {cost:.2}", S::NAME, operation.name());
        }
    }
}

/// Prints the figures as they come.
struct Report {
    csv: bool,
    short: bool,
}

impl Report {
    fn start(&self) {
        if !self.csv {
            println!("{}", Figure::heading());
        }
    }

    fn add(&mut self, figure: &Figure) {
        self.short |= !figure.is_met();
        if self.csv {
            println!("{}", figure.csv());
        } else {
            println!("{}", figure.row());
        }
    }
}

struct Options {
    csv: bool,
    check: bool,
    growth: bool,
    profile: Option<String>,
    rounds: usize,
    only: String,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { csv: false, check: false, growth: false, profile: None, rounds: 25, only: String::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--csv" => options.csv = true,
                "--check" => options.check = true,
                "--growth" => options.growth = true,
                "--rounds" => {
                    options.rounds = value()?.parse().map_err(|_| "the number of rounds is not a number")?;
                }
                "--only" => options.only = value()?,
                "--profile" => options.profile = Some(value()?),
                _ => return Err(format!("unknown option {argument}")),
            }
        }
        Ok(options)
    }

    fn operations(&self) -> impl Iterator<Item = Operation> {
        Operation::ALL.into_iter().filter(|operation| operation.name().starts_with(&self.only))
    }
}
