//! The README and the pages in docs/ are true: their SQL is run, and what they print is what the server answers.
//!
//! Each page runs in a session and a database of its own, with the extension unless the page creates it. In a block of
//! SQL,
//!
//! - comment lines directly below a statement are its answer as psql prints it: a result table, `(0 rows)`, or lines that
//!   begin with `ERROR:`, `DETAIL:`, `HINT:`, `NOTICE:` or `WARNING:`. An error can have its SQLSTATE before the message.
//! - `-- => value` behind a statement is the value of an answer of one row and one column, `-- ERROR:  …` its error.
//! - `…` stands for anything. In a table with `…`, cells are compared, and not the space around them.
//! - every other comment is prose, and stands above its statement, or behind it.
//!
//! A statement without a printed error must succeed.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use support::{Cluster, SUPERUSER};

/// A statement of a page, and the answer that the page prints.
struct Example {
    line: usize,
    sql: String,
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

fn examples(page: &str) -> Vec<Example> {
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

/// What the server answers, as psql prints it.
#[derive(Default)]
struct Answer {
    columns: Vec<String>,
    is_number: Vec<bool>,
    rows: Vec<Vec<String>>,
    messages: Vec<String>,
    failed: bool,
}

impl Answer {
    fn of(client: &mut Client, notices: &Mutex<Vec<String>>, sql: &str) -> Answer {
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

    fn table(&self) -> Vec<String> {
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
    fn print(&self) -> String {
        let table = if self.columns.is_empty() { Vec::new() } else { self.table() };
        self.messages.iter().chain(&table).map(|line| format!("-- {line}\n")).collect()
    }
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
    /// What is wrong with the printed answer, if something is.
    fn check(&self, answer: &Answer) -> Result<(), &'static str> {
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

/// Runs a page; gives what is wrong with it, and how many answers of it were compared.
fn run(name: &str, page: &str) -> (Vec<String>, usize) {
    let cluster = Cluster::shared();
    let database = cluster.bare_database("");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notices = Arc::clone(&heard);
    let mut config = Config::new();
    config.host_path(&cluster.folder).user(SUPERUSER).dbname(&database.name);
    config.notice_callback(move |notice| {
        notices.lock().expect("no panic").push(format!("{}:  {}", notice.severity(), notice.message()));
    });
    let mut client = config.connect(NoTls).expect("a session");
    let examples = examples(page);
    if !examples.iter().any(|example| example.sql.starts_with("CREATE EXTENSION veritable")) {
        client.batch_execute("CREATE EXTENSION veritable CASCADE").expect("the extension");
    }
    let (mut faults, mut compared) = (Vec::new(), 0);
    for example in examples {
        let answer = Answer::of(&mut client, &heard, &example.sql);
        let is_compared = !example.below.is_empty() || example.behind.starts_with(['E', '=']);
        compared += usize::from(is_compared);
        if let Err(problem) = example.check(&answer) {
            faults.push(format!("{name}:{}: {problem}\n{}{}", example.line, example.sql, answer.print()));
        }
    }
    (faults, compared)
}

fn pages() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = fs::read_dir(top.join("docs")).expect("docs/");
    let mut pages: Vec<_> = folder.map(|entry| entry.expect("a file").path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages.insert(0, top.join("README.md"));
    pages
}

#[test]
fn what_the_pages_print_is_what_the_server_answers() {
    let (mut faults, mut compared) = (Vec::new(), 0);
    let only = std::env::var("VERITABLE_PAGE").ok();
    for path in pages() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let page = fs::read_to_string(&path).expect("a page");
        let (found, answers) = run(name, &page);
        faults.extend(found);
        compared += answers;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(only.is_some() || compared > 40, "the pages print answers: {compared}");
}

#[test]
fn the_readme_names_every_page_and_leads_to_what_exists() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(top.join("README.md")).expect("README.md");
    for page in &pages()[1..] {
        let name = page.strip_prefix(top).expect("a page of this repository").display().to_string();
        assert!(readme.contains(&format!("({name})")), "README.md does not name {name}");
    }
    for page in pages() {
        let (folder, text) = (page.parent().expect("a folder"), fs::read_to_string(&page).expect("a page"));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let is_local = !link.is_empty() && !link.contains("://") && !link.contains(char::is_whitespace);
            assert!(!is_local || folder.join(link).exists(), "{}: no {link}", page.display());
        }
    }
}

#[test]
fn the_verifier_of_the_line_format_accepts_its_example_and_no_edit_of_it() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/line-format.md")).expect("a page");
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).expect("a block");
        rest.split_once("```").expect("its end").0
    };
    let verify = |lines: &str| {
        let file = std::env::temp_dir().join(format!("veritable-lines-{}", std::process::id()));
        fs::write(&file, lines).expect("a file");
        let output = Command::new("python3").args(["-c", block("python")]).arg(&file).output().expect("python3");
        fs::remove_file(&file).expect("a file");
        output.status.success().then(|| String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let lines = block("json");
    assert_eq!(verify(lines).as_deref(), Some(block("text")));
    for (part, edit) in
        [("example.statement", "another"), ("12.50", "12.51"), ("\"seq\":2", "\"seq\":3"), ("A-1\",\"a", "A-2\",\"a")]
    {
        let edited = lines.replacen(part, edit, 1);
        assert_ne!(edited, lines);
        assert_eq!(verify(&edited), None, "{edited}");
    }
}

#[test]
fn a_wrong_answer_is_noticed() {
    let page = |answer: &str| format!("```sql\nSELECT 1 AS one, 'x' AS text;\n{answer}\n```\n");
    let faults = |answer: &str| run("a page", &page(answer)).0.len();
    assert_eq!(faults("--  one | text\n-- -----+------\n--    1 | x"), 0);
    assert_eq!(faults("-- one | text\n-- ---+---\n-- 1 | …"), 0);
    assert_eq!(faults("--  one | text\n-- -----+------\n--    2 | x"), 1);
    assert_eq!(faults("--  one | text\n-- -----+------\n--    1 | x\n--    1 | x"), 1);
    assert_eq!(faults("-- (0 rows)"), 1);
    assert_eq!(faults("-- ERROR:  22012: division by zero"), 1);
    assert_eq!(faults("-- NOTICE:  not heard"), 1);
    assert_eq!(faults("-- prose that is not an answer"), 1);
    let refused = |answer: &str| run("a page", &format!("```sql\nSELECT 1 / 0;\n{answer}\n```\n")).0.len();
    assert_eq!(refused("-- ERROR:  22012: division by zero"), 0);
    assert_eq!(refused("-- ERROR:  division by zero"), 0);
    assert_eq!(refused("-- ERROR:  22013: division by zero"), 1);
    assert_eq!(refused("-- ERROR:  division by one"), 1);
    assert_eq!(refused(""), 1);
    assert_eq!(run("a page", "```sql\nSELECT 2; -- => 2\n```\n").0.len(), 0);
    assert_eq!(run("a page", "```sql\nSELECT 2; -- => 3\n```\n").0.len(), 1);
}
