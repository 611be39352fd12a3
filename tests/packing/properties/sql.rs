//! Random rows, and the SQL in which they are written.

use super::{Column, Table};
use crate::oracle::{Change, INSTANTS, Row};
use crate::support::random::Random;

impl Table<'_> {
    pub fn any_row(&mut self) -> Row {
        // Mostly short periods; now and then long ones, and ones without bounds.
        let length = 1 + if self.random.below(8) == 0 { self.random.below(INSTANTS) } else { self.random.below(4) };
        let start = self.random.below(INSTANTS);
        let end = (start + length).min(INSTANTS);
        Row {
            key: self.random.below(self.shape.keys),
            value: self.random.below(self.shape.values),
            start,
            end,
            id: None,
        }
    }

    /// Some rows, at most this many; mostly such that none conflicts.
    pub fn new_rows(&mut self, most: u32) -> Vec<Row> {
        let careless = self.random.below(4) == 0;
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..=self.random.below(most) {
            let row = self.any_row();
            if careless || self.rows.iter().chain(&rows).all(|other| !row.conflicts(other)) {
                rows.push(row);
            }
        }
        if rows.is_empty() { vec![self.any_row()] } else { rows }
    }

    pub fn row_of_the_table(&mut self) -> Option<Row> {
        (!self.rows.is_empty()).then(|| *self.random.of(&self.rows))
    }

    /// The change of all rows that are hit.
    pub fn updates(&self, hit: impl Fn(&Row) -> bool, new: impl Fn(&Row) -> Row) -> Vec<Change> {
        self.rows.iter().filter(|row| hit(row)).map(|row| (Some(*row), Some(new(row)))).collect()
    }

    /// The columns of the key, those of the value, and the period.
    pub fn columns(&self) -> String {
        let columns = [names(self.shape.key), names(self.shape.value), vec!["period"]];
        columns.concat().iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    }

    /// What is in them.
    pub fn texts(&mut self, row: &Row) -> Vec<Option<String>> {
        let key = self.shape.key.iter().map(|column| (column, row.key));
        let columns: Vec<_> = key.chain(self.shape.value.iter().map(|column| (column, row.value))).collect();
        let mut texts: Vec<_> =
            columns.into_iter().map(|(column, number)| column.text(number, &mut self.random)).collect();
        texts.push(Some(self.range(row)));
        texts
    }

    pub fn range(&mut self, row: &Row) -> String {
        let mut bound = |position: u32| match position {
            0 | INSTANTS => String::new(),
            position => (self.shape.bound)(position, &mut self.random),
        };
        format!("[{},{})", bound(row.start), bound(row.end))
    }

    /// Rows for `VALUES`.
    pub fn values(&mut self, rows: &[Row]) -> String {
        let row = |row| format!("({})", self.texts(row).into_iter().map(literal).collect::<Vec<_>>().join(", "));
        rows.iter().map(row).collect::<Vec<_>>().join(", ")
    }

    /// A command that puts rows into the table `source`.
    pub fn source(&mut self, rows: &[Row], gone: &[bool]) -> String {
        let values = |(row, gone): (&Row, &bool)| {
            let texts = self.texts(row).into_iter().map(literal);
            format!("({}, {gone})", texts.collect::<Vec<_>>().join(", "))
        };
        let values: Vec<String> = rows.iter().zip(gone).map(values).collect();
        format!("DELETE FROM source; INSERT INTO source ({}, gone) VALUES {}", self.columns(), values.join(", "))
    }

    pub fn set(&mut self, columns: &[Column], number: u32) -> String {
        let set = |column: &Column| format!("\"{}\" = {}", column.name, literal(column.text(number, &mut self.random)));
        columns.iter().map(set).collect::<Vec<_>>().join(", ")
    }

    pub fn is_over(&mut self, row: &Row) -> String {
        format!("{} AND period && '{}'", is(self.shape.key, row.key), self.range(row))
    }

    pub fn is_fact(&self, row: &Row) -> String {
        format!("{} AND {}", is(self.shape.key, row.key), is(self.shape.value, row.value))
    }

    /// A row as numbers.
    pub fn numbers(&self) -> String {
        let number = |columns| {
            let numbers = (0..4).map(|number| format!(" WHEN {} THEN {number}", is(columns, number)));
            format!("CASE{} END", numbers.collect::<String>())
        };
        let position = |bound: &str| self.shape.position.replace('#', bound);
        format!(
            "{}, {}, COALESCE({}, 0), COALESCE({}, {INSTANTS}), id",
            number(self.shape.key),
            number(self.shape.value),
            position("lower(period)"),
            position("upper(period)")
        )
    }
}

impl Column {
    /// One of the spellings; `None` for NULL.
    pub fn text(&self, number: u32, random: &mut Random) -> Option<String> {
        let spellings = self.spellings[number as usize];
        (!spellings.is_empty()).then(|| random.of(spellings).to_string())
    }
}

pub fn names(columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

/// The columns hold the key or value of this number.
pub fn is(columns: &[Column], number: u32) -> String {
    let is = |column: &Column| {
        let text = column.spellings[number as usize].first().map(|text| text.to_string());
        format!(" AND \"{}\" IS NOT DISTINCT FROM {}", column.name, literal(text))
    };
    format!("true{}", columns.iter().map(is).collect::<String>())
}

/// As SQL has it.
pub fn literal(text: Option<String>) -> String {
    text.map_or("NULL".to_string(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// As COPY has it.
pub fn copied(text: Option<String>) -> String {
    text.map_or("\\N".to_string(), |text| text.replace('\\', "\\\\"))
}

/// As JSON has it.
pub fn json(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
