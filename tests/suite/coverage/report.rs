//! The report that a person reads.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::Coverage;
use super::ledger::{CORE, Entry, GROUPS, Kind, Level};

impl Coverage {
    /// Coverage per specification and per group of attacks, what is open, and the line that everything else explains.
    pub(super) fn report(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = self.write_report(&mut text);
        text
    }

    fn write_report(&self, to: &mut String) -> fmt::Result {
        writeln!(to, "{:28}{:^28}{:^28}", "", "MUST, MUST NOT", "SHOULD, SHOULD NOT, MAY")?;
        let columns = format!("{:>10}{:>10}{:>8}", "covered", "n/a", "open");
        writeln!(to, "{:28}{columns}{columns}", "specification")?;
        for specification in CORE {
            self.write_row(to, specification, |entry| entry.specification() == specification)?;
        }
        for specification in self.specifications_begun() {
            self.write_row(to, specification, |entry| entry.specification() == specification)?;
        }
        writeln!(to, "\n{:28}{columns}", "attacks")?;
        for group in GROUPS {
            let tally = self.tally(|entry| entry.kind == Kind::Attack(group));
            writeln!(to, "{:28}{tally}", format!("group {group}"))?;
        }
        self.write_list(to, "open MUST and MUST NOT of the core", Entry::is_must_of_the_core)?;
        self.write_list(to, "open attacks on the core", Entry::is_attack_on_the_core)?;
        if !self.never_run.is_empty() {
            writeln!(to, "\nnamed only where no test runs:")?;
        }
        for (id, claims) in &self.never_run {
            for claim in claims {
                writeln!(to, "  {id}  {}: {}", claim.at(), claim.standing)?;
            }
        }
        let Tally { not_applicable, open, .. } = self.tally(Entry::is_must_of_the_core);
        write!(to, "\ncore MUST open: {open}, not applicable: {not_applicable}")
    }

    fn write_row(&self, to: &mut String, name: &str, is_in_row: impl Fn(&Entry) -> bool) -> fmt::Result {
        let tally = |level| self.tally(|entry| entry.kind == Kind::Requirement(level) && is_in_row(entry));
        writeln!(to, "{name:28}{}{}", tally(Level::Must), tally(Level::Optional))
    }

    fn write_list(&self, to: &mut String, title: &str, sort: fn(&Entry) -> bool) -> fmt::Result {
        let open = self.open(sort);
        if open.is_empty() {
            return Ok(());
        }
        writeln!(to, "\n{title}:")?;
        for id in open {
            writeln!(to, "  {id:18} {}", self.ledger.entries.get(id).map_or("", |entry| entry.text.as_str()))?;
        }
        Ok(())
    }

    fn tally(&self, is_counted: impl Fn(&Entry) -> bool) -> Tally {
        let mut tally = Tally::default();
        for entry in self.ledger.entries.values().filter(|entry| is_counted(entry)) {
            if self.covered.contains(&entry.id) {
                tally.covered += 1;
            } else if self.excused.contains(&entry.id) {
                tally.not_applicable += 1;
            } else {
                tally.open += 1;
            }
        }
        tally
    }

    /// The specifications beyond the core that some test already covers, in the order of their names.
    fn specifications_begun(&self) -> Vec<&str> {
        let mut begun = BTreeSet::new();
        for entry in self.ledger.entries.values() {
            let is_requirement = matches!(entry.kind, Kind::Requirement(_));
            if is_requirement && self.covered.contains(&entry.id) && !CORE.contains(&entry.specification()) {
                begun.insert(entry.specification());
            }
        }
        begun.into_iter().collect()
    }
}

#[derive(Default)]
struct Tally {
    covered: usize,
    not_applicable: usize,
    open: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10}{:>10}{:>8}", self.covered, self.not_applicable, self.open)
    }
}
