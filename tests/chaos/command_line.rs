//! What the test is asked for.

use std::time::Duration;

use crate::broken::Flaw;
use crate::database::Store;
use crate::run::{Least, Order};

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Request {
    stores: Vec<Store>,
    flaw: Option<Flaw>,
    seconds: Option<u64>,
    operations: Option<u64>,
    seed: Option<u64>,
    /// Part of a name, as for any test.
    filter: Option<String>,
    pub(crate) lists_only: bool,
}

impl Request {
    /// # Errors
    ///
    /// What is not understood.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let mut request = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--store" => {
                    let value = value()?;
                    request.stores.push(Store::named(value).ok_or(format!("no store is named {value}"))?);
                }
                "--broken" => {
                    let value = value()?;
                    request.flaw = Some(Flaw::named(value).ok_or(format!("nothing is broken as {value}"))?);
                }
                "--seconds" => request.seconds = Some(number(value()?)?),
                "--operations" => request.operations = Some(number(value()?)?),
                "--seed" => request.seed = Some(number(value()?)?),
                "--list" => request.lists_only = true,
                "--test-threads" | "--format" | "--color" | "--skip" => drop(value()?),
                // What `cargo test` passes on to every test.
                flag if flag.starts_with('-') => match flag {
                    "--nocapture" | "--no-capture" | "--quiet" | "-q" | "--exact" | "--show-output" => {}
                    _ => return Err(format!("{flag} is not known")),
                },
                filter => request.filter = Some(filter.to_owned()),
            }
        }
        Ok(request)
    }

    /// The runs. Unless the command line says which, a short one over each store, and one over each broken store.
    pub(crate) fn orders(&self, drawn: u64) -> Vec<Order> {
        let order = |store, flaw| self.order(store, flaw, drawn);
        let orders = match (&self.stores[..], self.flaw) {
            ([], None) => {
                let sound = Store::ALL.into_iter().map(|store| order(store, None));
                sound.chain(Flaw::ALL.into_iter().map(|flaw| order(Store::Sqlite, Some(flaw)))).collect()
            }
            ([], flaw) => vec![order(Store::Sqlite, flaw)],
            (stores, flaw) => stores.iter().map(|store| order(*store, flaw)).collect(),
        };
        let is_meant = |order: &Order| self.filter.as_ref().is_none_or(|filter| order.name().contains(filter));
        let orders: Vec<Order> = orders;
        orders.into_iter().filter(is_meant).collect()
    }

    fn order(&self, store: Store, flaw: Option<Flaw>, drawn: u64) -> Order {
        let seconds = self.seconds.unwrap_or(SHORT);
        let is_long = seconds >= LONG;
        let mut least = Least { kills: 1, stops: 0, operations: 1, together: 1 };
        if is_long {
            least = Least { kills: 50, stops: 3, operations: 500, together: 10_000 };
        }
        least.operations = self.operations.unwrap_or(least.operations);
        Order { store, flaw, length: Duration::from_secs(seconds), seed: self.seed.unwrap_or(drawn), least }
    }
}

impl Order {
    /// As a test, it is named so.
    pub(crate) fn name(&self) -> String {
        let store = self.store.name();
        match self.flaw {
            None => format!("chaos_over_{store}_breaks_no_promise"),
            Some(flaw) => format!("chaos_over_{store}_notices_that_it_is_{}", flaw.name().replace('-', "_")),
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

/// Seconds of a run that nobody has asked for in particular.
const SHORT: u64 = 5;
/// Seconds from which on a run must reach the full numbers.
const LONG: u64 = 60;
