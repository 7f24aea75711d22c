//! An explicit-state checker: breadth first, so that the first counterexample is a shortest one.
//!
//! States are compared as a whole, not by a fingerprint: two of them are never taken for one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;
use std::time::Duration;

/// What is explored.
pub(crate) trait Model {
    type State: Clone + Eq + Hash;
    type Action: Copy;

    fn initial(&mut self) -> Self::State;

    /// Everything that can happen next.
    fn steps(&mut self, state: &Self::State) -> Vec<Step<Self>>;

    /// What happened, for whoever reads a counterexample.
    fn words(&self, action: &Self::Action) -> String;
}

/// Something that happens.
pub(crate) struct Step<M: Model + ?Sized> {
    pub(crate) action: M::Action,
    pub(crate) next: M::State,
    /// The rule that it breaks.
    pub(crate) breaks: Option<&'static str>,
}

/// What was explored.
pub(crate) struct Exploration {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    /// How many actions the longest of the shortest paths has.
    pub(crate) depth: u32,
    pub(crate) time: Duration,
    pub(crate) counterexample: Option<Counterexample>,
}

/// A rule that does not hold, and a shortest way to see it.
pub(crate) struct Counterexample {
    pub(crate) rule: &'static str,
    pub(crate) path: Vec<String>,
}

/// Explores every state, or up to the first that breaks a rule.
#[expect(clippy::disallowed_methods, reason = "the time that the exploration takes is printed, and nothing else")]
pub(crate) fn explore<M: Model>(model: &mut M) -> Exploration {
    let began = std::time::Instant::now();
    let first = Rc::new(model.initial());
    let mut known = HashMap::from([(Rc::clone(&first), 0_usize)]);
    let mut visits = vec![Visit::<M> { state: first, depth: 0, came: None }];
    let (mut next, mut transitions) = (0, 0);
    let mut counterexample = None;
    'all: while next < visits.len() {
        let (state, depth) = (Rc::clone(&visits[next].state), visits[next].depth + 1);
        for step in model.steps(&state) {
            transitions += 1;
            let state = Rc::new(step.next);
            let came = Some((next, step.action));
            if let Some(rule) = step.breaks {
                visits.push(Visit { state, depth, came });
                counterexample = Some(Counterexample { rule, path: path_to(model, &visits) });
                break 'all;
            }
            if let Entry::Vacant(unknown) = known.entry(Rc::clone(&state)) {
                unknown.insert(visits.len());
                visits.push(Visit { state, depth, came });
            }
        }
        next += 1;
    }
    let depth = visits.last().map_or(0, |visit| visit.depth);
    Exploration { states: known.len(), transitions, depth, time: began.elapsed(), counterexample }
}

struct Visit<M: Model> {
    state: Rc<M::State>,
    depth: u32,
    /// From which visit, and by what.
    came: Option<(usize, M::Action)>,
}

/// What led to the latest visit.
fn path_to<M: Model>(model: &M, visits: &[Visit<M>]) -> Vec<String> {
    let mut path = Vec::new();
    let mut at = visits.len() - 1;
    while let Some((from, action)) = &visits[at].came {
        path.push(model.words(action));
        at = *from;
    }
    path.reverse();
    path
}

impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, transitions, depth, time, counterexample } = self;
        write!(f, "{states} states, {transitions} transitions, depth {depth}, {:.1} s", time.as_secs_f64())?;
        let Some(Counterexample { rule, path }) = counterexample else { return Ok(()) };
        write!(f, "\n  broken: {rule}")?;
        path.iter().enumerate().try_for_each(|(number, action)| write!(f, "\n  {}. {action}", number + 1))
    }
}
