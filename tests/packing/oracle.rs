//! What a packed table must hold: a naive model over a handful of instants, where packing is a union of sets.

use std::collections::BTreeMap;

/// The instants of the model. The first is all time before the first bound, the last all time after the last bound: so
/// a period that begins with the one or ends with the other has no bound there.
pub const INSTANTS: u32 = 24;

/// A row; its period goes from the instant `start` to before the instant `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub key: u32,
    pub value: u32,
    pub start: u32,
    pub end: u32,
    /// The number that the table gave it; `None` where any will do.
    pub id: Option<i64>,
}

/// What a statement does to one row: its versions before and after, one of which may be missing.
pub type Change = (Option<Row>, Option<Row>);

impl Row {
    pub fn instants(&self) -> u32 {
        (self.start..self.end).fold(0, |instants, instant| instants | 1 << instant)
    }

    pub fn overlaps(&self, other: &Row) -> bool {
        self.instants() & other.instants() != 0
    }

    pub fn touches(&self, other: &Row) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    pub fn is_same_fact(&self, other: &Row) -> bool {
        (self.key, self.value) == (other.key, other.value)
    }

    /// The row with another's period.
    pub fn over(&self, other: &Row) -> Row {
        Row { start: other.start, end: other.end, ..*self }
    }

    /// They cannot both be in the table.
    pub fn conflicts(&self, other: &Row) -> bool {
        self.key == other.key && self.value != other.value && self.overlaps(other)
    }
}

/// Rows without conflicts, as one set of instants for each key and value.
pub fn sets(rows: &[Row]) -> BTreeMap<(u32, u32), u32> {
    let mut sets = BTreeMap::new();
    for row in rows {
        *sets.entry((row.key, row.value)).or_default() |= row.instants();
    }
    sets
}

/// The rows that packing leaves: of each key and value, one for each run of instants. It is the row that was there
/// before with the earliest start; or, where none was, the new row with the earliest start.
pub fn packed(kept: &[Row], new: &[Row]) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((key, value), instants) in sets(&[kept, new].concat()) {
        let holds = |instant: u32| instants & (1 << instant) != 0;
        let mut start = 0;
        while start < INSTANTS {
            let end = (start..INSTANTS).find(|&instant| !holds(instant)).unwrap_or(INSTANTS);
            if start < end {
                let row = Row { key, value, start, end, id: None };
                let parts = |rows: &[Row]| {
                    let parts =
                        rows.iter().filter(|part| (part.key, part.value) == (key, value) && part.overlaps(&row));
                    parts.copied().collect::<Vec<_>>()
                };
                let (kept, new) = (parts(kept), parts(new));
                let candidates = if kept.is_empty() { new } else { kept };
                let first = candidates.iter().map(|part| part.start).min();
                let mut survivors = candidates.iter().filter(|part| Some(part.start) == first);
                let id = survivors.next().and_then(|survivor| survivor.id);
                // Of rows that begin together, any.
                rows.push(Row { id: id.filter(|_| survivors.next().is_none()), ..row });
            }
            start = end + 1;
        }
    }
    rows
}

/// What the rows of a key become where a period of it is made empty.
pub fn cleared(rows: &[Row], hole: &Row) -> Vec<Row> {
    let cut = |row: &Row| {
        if row.key != hole.key || !row.overlaps(hole) {
            return vec![*row];
        }
        let rests = [Row { end: hole.start, id: None, ..*row }, Row { start: hole.end, id: None, ..*row }];
        rests.into_iter().filter(|rest| rest.start < rest.end).collect()
    };
    rows.iter().flat_map(cut).collect()
}
