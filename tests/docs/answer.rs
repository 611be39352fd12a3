//! What the server answers, as psql prints it.

use std::sync::Mutex;

use postgres::{Client, SimpleQueryMessage};

/// An answer of the server.
#[derive(Default)]
pub struct Answer {
    pub columns: Vec<String>,
    is_number: Vec<bool>,
    pub rows: Vec<Vec<String>>,
    /// Notices, and an error with its DETAIL and HINT.
    pub messages: Vec<String>,
    pub failed: bool,
}

impl Answer {
    /// Runs statements. The client adds to `notices`.
    pub fn of(client: &mut Client, notices: &Mutex<Vec<String>>, sql: &str) -> Answer {
        notices.lock().expect("no panic").clear();
        // The simple protocol does not tell the types, by which psql aligns.
        let has_rows = sql.trim_start().starts_with("SELECT") || sql.contains("RETURNING");
        let types = if has_rows { client.prepare(sql).ok() } else { None };
        let mut answer = Answer::default();
        if let Some(statement) = types {
            const NUMBERS: [&str; 7] = ["int2", "int4", "int8", "float4", "float8", "numeric", "oid"];
            let columns = statement.columns().iter();
            answer.is_number = columns.map(|column| NUMBERS.contains(&column.type_().name())).collect();
        }
        let outcome = client.simple_query(sql);
        answer.messages = std::mem::take(&mut *notices.lock().expect("no panic"));
        match outcome {
            Ok(messages) => {
                for message in messages {
                    match message {
                        SimpleQueryMessage::RowDescription(columns) => {
                            answer.columns = columns.iter().map(|column| column.name().to_string()).collect();
                            answer.rows.clear();
                        }
                        SimpleQueryMessage::Row(row) => {
                            let cells = (0..row.len()).map(|place| row.get(place).unwrap_or_default().to_string());
                            answer.rows.push(cells.collect());
                        }
                        _ => {}
                    }
                }
            }
            Err(error) => {
                answer.failed = true;
                let error = error.as_db_error().unwrap_or_else(|| panic!("{sql}\n{error}"));
                answer.messages.push(format!("ERROR:  {}: {}", error.code().code(), error.message()));
                for (name, text) in [("DETAIL", error.detail()), ("HINT", error.hint())] {
                    if let Some(text) = text {
                        let text = format!("{name}:  {text}");
                        answer.messages.extend(text.lines().map(str::to_string));
                    }
                }
            }
        }
        answer
    }

    /// The result table.
    pub fn table(&self) -> Vec<String> {
        let width = |place: usize| {
            let cells = self.rows.iter().map(|row| &row[place]).chain([&self.columns[place]]);
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let join = |cells: Vec<String>| cells.join("|").trim_end().to_string();
        let names = self.columns.iter().zip(&widths).map(|(name, width)| format!(" {name:^width$} ")).collect();
        let mut lines =
            vec![join(names), widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("+")];
        for row in &self.rows {
            let cells =
                row.iter().zip(&widths).enumerate().map(|(place, (cell, width))| match self.is_number.get(place) {
                    Some(true) => format!(" {cell:>width$} "),
                    _ => format!(" {cell:<width$} "),
                });
            lines.push(join(cells.collect()));
        }
        if self.rows.is_empty() {
            lines.push("(0 rows)".to_string());
        }
        lines
    }

    /// What the page would have to print.
    pub fn print(&self) -> String {
        let table = if self.columns.is_empty() { Vec::new() } else { self.table() };
        self.messages.iter().chain(&table).map(|line| format!("-- {line}\n")).collect()
    }
}
