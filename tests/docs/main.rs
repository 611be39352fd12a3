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

mod answer;
mod example;
mod links;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use answer::Answer;
use example::examples;
use postgres::{Config, NoTls};
use support::{Cluster, SUPERUSER};

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
        compared += usize::from(example.is_compared());
        if let Err(problem) = example.check(&answer) {
            faults.push(format!("{name}:{}: {problem}\n{}{}", example.line, example.sql, answer.print()));
        }
    }
    (faults, compared)
}

/// The README, and then the pages in docs/.
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
fn the_verifier_of_the_line_format_begins_at_a_run_and_at_no_other() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/line-format.md")).expect("a page");
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).expect("a block");
        rest.split_once("```").expect("its end").0
    };
    let verify = |lines: &str, runs: &str| {
        let file = |name: &str, text: &str| {
            let file = std::env::temp_dir().join(format!("veritable-{name}-{}", std::process::id()));
            fs::write(&file, text).expect("a file");
            file
        };
        let (lines, runs) = (file("pruned", lines), file("runs", runs));
        let output = Command::new("python3").args(["-c", block("py")]).args([&lines, &runs]).output().expect("python3");
        [lines, runs].iter().for_each(|file| fs::remove_file(file).expect("a file"));
        output.status.success().then(|| String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (lines, run, heads) = (block("json"), block("jsonl"), block("text"));
    let all: Vec<&str> = lines.lines().collect();
    let pruned = [all[0], all[2]].join("\n");
    assert_eq!(verify(lines, "").as_deref(), Some(heads));
    assert_eq!(verify(&pruned, run).as_deref(), Some(heads));
    assert!(verify(all[0], run).is_some_and(|heads| heads.starts_with("A-1 1 1af2")));
    assert_eq!(verify(&pruned, ""), None);
    for (part, edit) in [("2d6e", "2d6f"), ("1af2", "1af3"), ("\"last\": 1", "\"last\": 2"), ("A-1", "A-2")] {
        let edited = run.replacen(part, edit, 1);
        assert_ne!(edited, run);
        assert_eq!(verify(&pruned, &edited), None, "{edited}");
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
