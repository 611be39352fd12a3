//! The examples of a page: statements, and the answers that the page prints.

use crate::answer::Answer;

/// A statement of a page, and the answer that the page prints.
pub struct Example {
    pub line: usize,
    pub sql: String,
    /// The comment behind the statement.
    behind: String,
    /// The comment lines below the statement.
    below: Vec<String>,
}

/// The part of a line before its comment, and the comment. `quote` says in which quote the line begins, and then ends.
fn split_comment<'a>(line: &'a str, quote: &mut Option<&'static str>) -> (&'a str, Option<&'a str>) {
    let mut place = 0;
    while place < line.len() {
        let rest = &line[place..];
        let token = ["'", "\"", "$$", "--"].into_iter().find(|token| rest.starts_with(token));
        match (*quote, token) {
            (None, Some("--")) => return (&line[..place], Some(rest[2..].trim())),
            (None, Some(token)) => *quote = Some(token),
            (Some(open), Some(token)) if open == token => *quote = None,
            _ => {}
        }
        place += token.map_or_else(|| rest.chars().next().map_or(1, char::len_utf8), str::len);
    }
    (line, None)
}

/// The examples of a page, in their order.
pub fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut in_sql, mut quote, mut answers) = (false, None, false);
    let mut pending = String::new();
    for (number, line) in page.lines().enumerate() {
        if !in_sql {
            in_sql = line == "```sql";
            continue;
        }
        if line == "```" {
            assert!(pending.trim().is_empty(), "line {}: a statement without its end: {pending}", number + 1);
            (in_sql, answers) = (false, false);
            continue;
        }
        let (code, comment) = split_comment(line, &mut quote);
        if code.trim().is_empty() && quote.is_none() {
            match (comment, answers) {
                // The space before a table's cells is a part of them.
                (Some(_), true) => {
                    let text = line.trim_start().trim_start_matches("--");
                    let example = examples.last_mut().expect("a statement above its answer");
                    example.below.push(text.strip_prefix(' ').unwrap_or(text).trim_end().to_string());
                }
                (Some(_), false) => {}
                (None, _) => answers = false,
            }
            continue;
        }
        answers = false;
        pending.push_str(code);
        pending.push('\n');
        if quote.is_none() && code.trim_end().ends_with(';') {
            let (sql, behind) = (std::mem::take(&mut pending), comment.unwrap_or_default().to_string());
            examples.push(Example { line: number + 1, sql, behind, below: Vec::new() });
            answers = true;
        }
    }
    examples
}

/// Whether a text is what a pattern says, in which `…` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    true
}

/// Whether lines are what patterns say; a pattern that is `…` alone stands for any number of lines.
fn all_match(patterns: &[String], lines: &[String], is_match: &impl Fn(&str, &str) -> bool) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((pattern, others)) if pattern.trim() == "…" => {
            (0..=lines.len()).any(|skipped| all_match(others, &lines[skipped..], is_match))
        }
        Some((pattern, others)) => match lines.split_first() {
            Some((line, rest)) => is_match(pattern, line) && all_match(others, rest, is_match),
            None => false,
        },
    }
}

fn is_table(lines: &[String]) -> bool {
    lines.get(1).is_some_and(|line| !line.is_empty() && line.chars().all(|c| c == '-' || c == '+'))
}

fn cells_match(pattern: &str, line: &str) -> bool {
    let (patterns, cells): (Vec<_>, Vec<_>) = (pattern.split('|').collect(), line.split('|').collect());
    let is_rule = |line: &str| !line.is_empty() && line.chars().all(|c| c == '-' || c == '+');
    is_rule(pattern) && is_rule(line)
        || patterns.len() == cells.len()
            && patterns.iter().zip(&cells).all(|(pattern, cell)| matches(pattern.trim(), cell.trim()))
}

impl Example {
    /// Whether the page prints an answer.
    pub fn is_compared(&self) -> bool {
        !self.below.is_empty() || self.behind.starts_with("=> ") || self.behind.starts_with("ERROR:")
    }

    /// What is wrong with the printed answer, if something is.
    pub fn check(&self, answer: &Answer) -> Result<(), &'static str> {
        let is_message = |line: &String| {
            ["ERROR:", "DETAIL:", "HINT:", "NOTICE:", "WARNING:"].iter().any(|word| line.starts_with(word))
        };
        let mut printed = self.below.clone();
        if self.behind.starts_with("ERROR:") {
            printed.insert(0, self.behind.clone());
        }
        let start = printed.iter().position(is_message).unwrap_or(printed.len());
        // What follows a message belongs to it, up to a table.
        let end = (start..printed.len()).find(|&place| is_table(&printed[place..]) || printed[place] == "(0 rows)");
        let end = end.unwrap_or(printed.len());
        let (messages, table) = (&printed[start..end], [&printed[..start], &printed[end..]].concat());

        if answer.failed != messages.iter().any(|line| line.starts_with("ERROR:")) {
            return Err(if answer.failed { "the server refuses it" } else { "the server does not refuse it" });
        }
        let mut heard = answer.messages.iter();
        for message in messages {
            let is_it = |line: &String| {
                let without_code = line.strip_prefix("ERROR:  ").and_then(|text| text.get(7..));
                matches(message, line) || without_code.is_some_and(|text| matches(message, &format!("ERROR:  {text}")))
            };
            if !heard.any(is_it) {
                return Err("the server says something else");
            }
        }
        if let Some(value) = self.behind.strip_prefix("=> ") {
            match answer.rows.as_slice() {
                [row] if row.len() == 1 && matches(value, &row[0]) => {}
                _ => return Err("the value is another one"),
            }
        }
        match table.as_slice() {
            [] => Ok(()),
            [only] if only == "(0 rows)" && answer.rows.is_empty() && !answer.failed => Ok(()),
            table => {
                let is_right = if answer.columns.is_empty() || !is_table(table) {
                    false
                } else if table.iter().any(|line| line.contains('…')) {
                    all_match(table, &answer.table(), &cells_match)
                } else {
                    table == answer.table()
                };
                if is_right { Ok(()) } else { Err("the table is another one") }
            }
        }
    }
}
