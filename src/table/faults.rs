//! The findings of verification: rows of an answer, or a count and the first of them; and a closing sentence.

use super::feature::Feature;
use crate::pg::oid::Oid;
use crate::pg::report::{notice, notice_with_detail, number};
use crate::pg::result::{Cell, Rows};

/// The findings of verification so far, and how much was verified.
pub struct Faults {
    sink: Sink,
    /// What is being verified: the name of a feature, or "index".
    guarantee: &'static str,
    count: u64,
    /// The number of tables that were verified or could not be.
    pub tables: u64,
    /// The number of rows that were verified.
    pub rows: u64,
    /// The number of groups of these rows: the chains of events, the keys of periods.
    pub groups: u64,
    /// What is no fault, and worth knowing: counts by nouns, and sentences.
    notes: Vec<(&'static str, u64)>,
    sentences: Vec<String>,
}

/// The use of the faults.
enum Sink {
    /// Rows of the answer: target, key, place, fault, detail.
    Rows(Rows),
    /// Rows of the answer: position, key, place, fault, detail.
    RowsInOrder(Rows),
    /// Rows of the answer: target, guarantee, key, place as text, fault, detail.
    RowsOfGuarantees(Rows),
    /// The first fault of a row; the first of all faults, if no row has one.
    First(Option<Fault>),
    /// The faults, up to this number.
    Each(Vec<Fault>, usize),
}

/// A fault. The key and the detail may hold values of rows: show them only to a role that may read the table.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The values of the entity or key; `None` for a fault of the table.
    pub key: Option<Key>,
    /// The place under the key.
    pub place: Place,
    /// The kind of the fault, as in the column `fault` of the answer.
    pub fault: &'static str,
    /// The explanation: sentences.
    pub detail: String,
}

/// The values of an entity or a key, as text.
pub type Key = Vec<Option<String>>;

/// The place of a fault under its key.
#[derive(Clone, Debug)]
pub enum Place {
    /// No place: the fault is one of the whole key or table.
    Nowhere,
    /// The number of an event.
    Number(i64),
    /// A period, or the column of a document.
    Text(String),
    /// A place in the order of the whole table, and the number of an event if that is known.
    InOrder(i64, Option<i64>),
}

impl From<Option<i64>> for Place {
    fn from(number: Option<i64>) -> Place {
        number.map_or(Place::Nowhere, Place::Number)
    }
}

impl From<Option<String>> for Place {
    fn from(text: Option<String>) -> Place {
        text.map_or(Place::Nowhere, Place::Text)
    }
}

impl Place {
    fn cell(self) -> Cell {
        match self {
            Place::Nowhere => Cell::from(None::<String>),
            Place::Number(number) => Cell::from(Some(number)),
            Place::Text(text) => Cell::from(Some(text)),
            Place::InOrder(_, number) => Cell::from(number),
        }
    }

    /// The place as text.
    pub fn text(&self) -> Option<String> {
        match self {
            Place::Nowhere => None,
            Place::Number(number) => Some(number.to_string()),
            Place::Text(text) => Some(text.clone()),
            Place::InOrder(position, _) => Some(position.to_string()),
        }
    }
}

impl Fault {
    /// The fault in one sentence: kind, key, place and explanation.
    fn sentence(&self) -> String {
        let key = self.key.as_ref().filter(|key| !key.is_empty()).map(|key| {
            let values: Vec<_> = key.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect();
            format!(" in ({})", values.join(", "))
        });
        let place = self.place.text().map(|place| format!(" at {place}"));
        format!("\"{}\"{}{}: {}", self.fault, key.unwrap_or_default(), place.unwrap_or_default(), self.detail)
    }
}

impl Faults {
    fn of(sink: Sink) -> Faults {
        Faults {
            sink,
            guarantee: "",
            count: 0,
            tables: 0,
            rows: 0,
            groups: 0,
            notes: Vec::new(),
            sentences: Vec::new(),
        }
    }

    /// Findings that become `rows` of the answer: target, key, place, fault, detail.
    pub fn answer(rows: Rows) -> Faults {
        Faults::of(Sink::Rows(rows))
    }

    /// Findings that become `rows` of the answer: position, key, place, fault, detail.
    pub fn answer_in_order(rows: Rows) -> Faults {
        Faults::of(Sink::RowsInOrder(rows))
    }

    /// Findings that become `rows` of the answer: target, guarantee, key, place as text, fault, detail.
    pub fn answer_of_guarantees(rows: Rows) -> Faults {
        Faults::of(Sink::RowsOfGuarantees(rows))
    }

    /// Findings that are counted; only the first is kept. Nothing is sent to the client.
    pub fn first() -> Faults {
        Faults::of(Sink::First(None))
    }

    /// Findings that are counted; the first `count` are kept. Nothing is sent to the client.
    pub fn each(count: usize) -> Faults {
        Faults::of(Sink::Each(Vec::new(), count))
    }

    /// Says which guarantee the next faults are about: the name of a feature, or "index".
    pub fn about(&mut self, guarantee: &'static str) {
        self.guarantee = guarantee;
    }

    /// The function that the caller has called, for the journal.
    pub fn action(&self, feature: &Feature) -> String {
        match self.sink {
            Sink::RowsOfGuarantees(_) => "verify_all".to_string(),
            Sink::Rows(_) | Sink::RowsInOrder(_) | Sink::First(_) | Sink::Each(..) => feature.verified_by.to_string(),
        }
    }

    /// Reports a fault of a table.
    pub fn put(&mut self, target: Oid, key: Option<Key>, place: impl Into<Place>, fault: &'static str, detail: &str) {
        self.add(Some(target), key, place.into(), fault, detail.to_string());
    }

    /// Reports something in the database, beyond a single table, that cannot be read.
    pub fn unread_at_all(&mut self, reason: &str) {
        self.add(None, None, Place::Nowhere, "unread", reason.to_string());
    }

    fn add(&mut self, target: Option<Oid>, key: Option<Key>, place: Place, fault: &'static str, detail: String) {
        self.count += 1;
        match &mut self.sink {
            Sink::Rows(rows) => rows.put([target.into(), key.into(), place.cell(), fault.into(), detail.into()]),
            Sink::RowsInOrder(rows) => {
                let (position, number) = match place {
                    Place::InOrder(position, number) => (Some(position), number),
                    Place::Number(number) => (None, Some(number)),
                    Place::Nowhere | Place::Text(_) => (None, None),
                };
                rows.put([position.into(), key.into(), number.into(), fault.into(), detail.into()]);
            }
            Sink::RowsOfGuarantees(rows) => {
                let (guarantee, place) = (self.guarantee, place.text());
                rows.put([target.into(), guarantee.into(), key.into(), place.into(), fault.into(), detail.into()]);
            }
            Sink::First(first) => {
                if first.as_ref().is_none_or(|first| first.key.is_none() && key.is_some()) {
                    *first = Some(Fault { key, place, fault, detail });
                }
            }
            Sink::Each(faults, count) => {
                if faults.len() < *count {
                    faults.push(Fault { key, place, fault, detail });
                }
            }
        }
    }

    /// Whether the findings decide on a command, and nobody reads them one by one.
    pub fn judges_command(&self) -> bool {
        !self.has_readers()
    }

    fn has_readers(&self) -> bool {
        !matches!(self.sink, Sink::First(_) | Sink::Each(..))
    }

    /// Reports a problem with the guards of a table. It is none of its rows, and does not count where only those are of
    /// interest.
    pub fn unguarded(&mut self, target: Oid, problem: &str) {
        if self.has_readers() {
            self.put(target, None, Place::Nowhere, "unguarded", problem);
        }
    }

    /// Reports triggers that do not fit their table.
    pub fn misconfigured(&mut self, target: Oid, feature: &Feature, problem: &str) {
        let problem = format!("The {} cannot be read: {problem}.", feature.name);
        self.put(target, None, Place::Nowhere, "unguarded", &problem);
    }

    /// Reports a table that cannot be read, in full or in part.
    pub fn unread(&mut self, target: Oid, reason: &str) {
        self.put(target, None, Place::Nowhere, "unread", reason);
    }

    /// Sends a NOTICE about a table, unless only the first fault is of interest.
    pub fn notice(&self, message: String) {
        if self.has_readers() {
            notice(message);
        }
    }

    /// The number of faults.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first fault of a row, or else the first fault, of findings that are only counted.
    pub fn into_first(self) -> Option<Fault> {
        match self.sink {
            Sink::First(first) => first,
            Sink::Rows(_) | Sink::RowsInOrder(_) | Sink::RowsOfGuarantees(_) | Sink::Each(..) => None,
        }
    }

    /// The faults that were kept one by one.
    pub fn into_each(self) -> Vec<Fault> {
        match self.sink {
            Sink::Each(faults, _) => faults,
            Sink::Rows(_) | Sink::RowsInOrder(_) | Sink::RowsOfGuarantees(_) | Sink::First(_) => Vec::new(),
        }
    }

    /// Sentences about findings that are only counted: how many, and the first, if the reader may see values of rows.
    pub fn sentences(self, may_show: bool) -> String {
        let count = format!("Verification finds {}.", number(self.count, "fault"));
        match self.into_first().filter(|_| may_show) {
            Some(first) => format!("{count} The first is {}", first.sentence()),
            None => count,
        }
    }

    /// What was verified for a feature, such as "3 events in 2 chains of 1 table".
    pub fn verified(&self, feature: &Feature) -> String {
        let (rows, groups) = feature.counts;
        let groups = groups.map_or(String::new(), |groups| format!(" in {}", number(self.groups, groups)));
        format!("{}{groups} of {}", number(self.rows, rows), number(self.tables, "table"))
    }

    /// How much was verified: tables, rows, groups. The faults are kept apart.
    pub fn counts(&self) -> (u64, u64, u64) {
        (self.tables, self.rows, self.groups)
    }

    /// Sets how much was verified.
    pub fn set_counts(&mut self, (tables, rows, groups): (u64, u64, u64)) {
        (self.tables, self.rows, self.groups) = (tables, rows, groups);
    }

    /// Notes something that is no fault: so many of what the noun says, and a sentence about them.
    pub fn note(&mut self, counts: &[(u64, &'static str)], sentence: String) {
        // Two guarantees of one table can have the same to tell.
        if self.sentences.contains(&sentence) {
            return;
        }
        for &(count, noun) in counts.iter().filter(|(count, _)| *count > 0) {
            match self.notes.iter_mut().find(|(noted, _)| *noted == noun) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => self.notes.push((noun, count)),
            }
        }
        self.sentences.push(sentence);
    }

    /// Sends the closing NOTICE about `verified`, which is what was verified.
    pub fn close(&self, verified: &str) {
        let faults = if self.count == 0 { String::new() } else { format!(", {}", number(self.count, "fault")) };
        let notes: Vec<_> = self.notes.iter().map(|(noun, count)| number(*count, noun)).collect();
        let notes = if notes.is_empty() { String::new() } else { format!("; {}", notes.join(", ")) };
        notice_with_detail(format!("verified {verified}{faults}{notes}"), &self.sentences.join("\n"));
    }
}
