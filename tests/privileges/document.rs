//! Tables of docs/threat-model.md, and whether they say what was observed.

use std::fmt::Write;

/// Rows of cells, the first of which names the row.
#[derive(Debug, PartialEq)]
pub struct Table(pub Vec<Vec<String>>);

impl Table {
    /// The table below a heading of the document, for a version of PostgreSQL: `caller, from 18 on owner` are two cells.
    pub fn of_document(heading: &str, version: u32) -> Table {
        let text = include_str!("../../docs/threat-model.md");
        let text = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}")).1;
        let text = text.split("\n## ").next().expect("text before the next heading");
        let lines = text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--"));
        let cell = |text: &str| match text.split_once(", from ") {
            Some((before, since)) => {
                let (first, then) = since.split_once(" on ").expect("from VERSION on");
                if version < first.parse().expect("a version") { before } else { then }.to_string()
            }
            None => text.to_string(),
        };
        Table(lines.map(|line| line.trim_matches('|').split('|').map(|text| cell(text.trim())).collect()).collect())
    }

    /// As the document has it.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (number, row) in self.0.iter().enumerate() {
            writeln!(text, "| {} |", row.join(" | ")).expect("a text");
            if number == 0 {
                writeln!(text, "|{}", "---|".repeat(row.len())).expect("a text");
            }
        }
        text
    }

    /// Fails with all that differs, and with the table that would be right.
    #[track_caller]
    pub fn is_as_observed(&self, observed: &Table) {
        let mut differences: Vec<_> =
            observed.0.iter().filter(|row| !self.0.contains(row)).map(|row| ("observed", row)).collect();
        differences.extend(self.0.iter().filter(|row| !observed.0.contains(row)).map(|row| ("documented", row)));
        let list: String = differences.iter().map(|(which, row)| format!("{which}: {}\n", row.join(" | "))).collect();
        assert!(
            differences.is_empty(),
            "docs/threat-model.md differs:\n{list}\nThe table as observed:\n\n{}",
            observed.markdown()
        );
        assert_eq!(self, observed, "the rows are in another order:\n\n{}", observed.markdown());
    }
}
