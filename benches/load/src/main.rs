//! Measures `examples/server` over loopback HTTP, beside a server of hyper alone that answers a constant.
//!
//! ```text
//! benches/load/run
//! benches/load/run --check --memory
//! ```
//!
//! | Option | Effect |
//! |---|---|
//! | `--check` | exits with 1 if a figure is short of its goal |
//! | `--memory` | adds 10^6 requests, twice, and what the server holds afterwards; takes minutes |
//! | `--rounds <n>` | how often each operation is measured on either side, in turns; the middle one counts |
//! | `--seconds <n>` | for how long each time |
//! | `--only <text>` | only the operations that begin with the text |
//!
//! The constant is an answer of the server itself, with its headers. `wrk` sends both sides the same requests. A server has
//! the first processor to itself and `wrk` the second, so a figure is what one processor gives.
//!
//! `GRANTSMITH_SERVER` names the program that is measured; `run` builds and names it.

mod control;
mod exchange;
mod memory;
mod operation;
mod report;
mod server;
mod wrk;

use std::process::ExitCode;

use operation::Operation;
use report::Figure;
use server::Server;

/// Why there are no figures.
pub(crate) type Mistake = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [task, answer] if task == control::TASK => control::serve(answer).map(|()| true),
        _ => Options::of(arguments).and_then(|options| measure(&options)),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            ExitCode::from(2)
        }
    }
}

/// Measures what is asked for. Says whether all goals were reached, or nobody asked.
fn measure(options: &Options) -> Result<bool, Mistake> {
    let mut is_good = true;
    println!("{}", Figure::HEADER);
    for operation in Operation::ALL.into_iter().filter(|operation| operation.name().starts_with(&options.only)) {
        let figure = operation.measure(options.rounds, options.seconds)?;
        println!("{figure}");
        is_good &= figure.is_good();
    }
    if options.memory {
        is_good &= memory::measure()?;
    }
    Ok(is_good || !options.check)
}

struct Options {
    check: bool,
    memory: bool,
    rounds: usize,
    seconds: u32,
    only: String,
}

impl Options {
    fn of(arguments: Vec<String>) -> Result<Self, Mistake> {
        let mut options = Self { check: false, memory: false, rounds: 3, seconds: 4, only: String::new() };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--check" => options.check = true,
                "--memory" => options.memory = true,
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.seconds = value()?.parse()?,
                "--only" => options.only = value()?,
                _ => return Err(format!("unknown option {argument}").into()),
            }
        }
        if options.rounds == 0 || options.seconds == 0 {
            return Err("--rounds and --seconds must not be 0".into());
        }
        Ok(options)
    }
}
