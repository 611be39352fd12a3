//! The rules of the house that a machine can check: which layer may know which, what each folder alone may do, and where
//! each feature must stand. No server is needed. A rule lists what breaks it.

mod source;

use std::collections::BTreeSet;
use std::path::Path;

use source::{File, files, top};

/// The folders of `src` that are no feature.
const LAYERS: [&str; 3] = ["ddl", "pg", "table"];

/// The features without triggers of their own, which add to another feature, and what the triggers of that guard for them: the
/// page of the other feature, or their own, describes them.
const WITHOUT_TRIGGERS: [&str; 2] = ["as_of", "log"];

/// The features that are built on another: on its layout and its configuration, which no layer below could have.
const BUILT_ON: [(&str, &str); 1] = [("log", "chain")];

/// The features that have a page of their own. The page about partitions has deduplication.
fn needs_page(feature: &str) -> bool {
    !["as_of", "dedup"].contains(&feature)
}

/// A file has at most so many lines: a longer one is about two things.
const LINES_MAX: usize = 400;

/// What can read as a person's work: Rust, shell, and the SQL of the extension.
fn written() -> Vec<File> {
    let shell = |file: &File| file.text.starts_with("#!") || file.path.ends_with(".sh");
    let mut written = files(&["src", "crates", "tests"], |path| path.ends_with(".rs"));
    written.extend(files(&["src", "sql"], |path| path.ends_with(".sql")));
    written.extend(files(&["scripts", "bench", ".ci"], |path| !path.ends_with(".py")).into_iter().filter(shell));
    written
}

fn rust(folder: &str) -> Vec<File> {
    files(&[folder], |path| path.ends_with(".rs"))
}

/// The features: the other folders of `src`.
fn features() -> Vec<String> {
    let entries = std::fs::read_dir(top().join("src")).expect("a folder").map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.file_type().expect("a type").is_dir());
    let names: BTreeSet<String> = folders.map(|folder| folder.file_name().into_string().expect("UTF-8")).collect();
    names.into_iter().filter(|name| !LAYERS.contains(&name.as_str())).collect()
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(top().join(&path)).unwrap_or_default()
}

#[track_caller]
fn holds(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

/// The places where a word stands in the code of these files: not in a comment, not in a string.
fn places(files: &[File], is_it: impl Fn(&str) -> bool) -> Vec<String> {
    let of = |file: &File| -> Vec<String> {
        let words = file.words();
        words
            .iter()
            .filter(|word| is_it(&word.text))
            .map(|word| format!("{}:{}: {}", file.path, word.line, word.text))
            .collect()
    };
    files.iter().flat_map(of).collect()
}

// --- layers

/// `src/pg` knows nothing above it; `src/table` knows `src/pg`; a feature knows these, itself, and what it is built on; `src/ddl`
/// knows the list of features, and the list knows the features.
#[test]
fn no_layer_knows_what_is_above_it() {
    let features = features();
    let mut offenders = Vec::new();
    for file in rust("src") {
        let Some(room) = file.path.strip_prefix("src/").and_then(|path| path.split(['/', '.']).next()) else {
            continue;
        };
        let mut known = vec![room, "pg"];
        match room {
            "pg" => {}
            "lib" => continue,
            "features" => known.extend(features.iter().map(String::as_str).chain(["table"])),
            "ddl" => known.extend(["table", "features"]),
            _ => known.push("table"),
        }
        known.extend(BUILT_ON.iter().filter(|(feature, _)| *feature == room).map(|(_, other)| *other));
        if room == "table" {
            known = vec!["table", "pg"];
        }
        let strange = file.imports().into_iter().filter(|import| !known.contains(&import.text.as_str()));
        offenders.extend(strange.map(|import| format!("{}:{}: crate::{}", file.path, import.line, import.text)));
    }
    holds("a layer knows only what is below it, and no feature another", &offenders);
}

/// What the event triggers, and what features share, must know of a feature stands in its row.
#[test]
fn what_is_for_all_features_names_none() {
    let features = features();
    let mut offenders = Vec::new();
    for file in files(&["src/ddl", "src/table"], |path| path.ends_with(".rs") || path.ends_with(".sql")) {
        let words = file.words_and_strings().into_iter().filter(|word| features.contains(&word.text));
        offenders.extend(words.map(|word| format!("{}:{}: {}", file.path, word.line, word.text)));
    }
    holds("src/ddl and src/table name no feature", &offenders);
}

#[test]
fn the_crates_know_nothing_of_postgresql_or_of_the_extension() {
    let mut offenders = places(&rust("crates"), |word| matches!(word, "pgrx" | "pg_sys" | "veritable"));
    for manifest in files(&["crates"], |path| path.ends_with("/Cargo.toml") && !path.contains("/fuzz/")) {
        let lines = manifest.text.lines().filter(|line| {
            line.starts_with("pgrx")
                || line.starts_with("postgres")
                || line.starts_with("veritable =")
                || line.contains("path = \"../..\"")
        });
        offenders.extend(lines.map(|line| format!("{}: {line}", manifest.path)));
    }
    holds("crates know nothing of PostgreSQL or of the extension", &offenders);
}

// --- what one folder alone may do

#[test]
fn only_the_seam_is_unsafe() {
    let mut offenders = places(&rust("src"), |word| matches!(word, "unsafe" | "unsafe_code"));
    offenders.retain(|place| !place.starts_with("src/pg/"));
    let crates = rust("crates");
    let libraries: Vec<File> = crates.into_iter().filter(|file| !file.path.contains("/fuzz/")).collect();
    offenders.extend(places(&libraries, |word| word == "unsafe"));
    for library in libraries.iter().filter(|file| file.path.ends_with("/src/lib.rs")) {
        if !library.text.contains("#![forbid(unsafe_code)]")
            && !read(Path::new(&library.path).join("../../Cargo.toml")).contains("unsafe_code = \"forbid\"")
        {
            offenders.push(format!("{}: does not forbid unsafe code", library.path));
        }
    }
    holds("unsafe code is in src/pg alone", &offenders);
}

#[test]
fn only_the_seam_names_pgrx() {
    let mut offenders = places(&rust("src"), |word| matches!(word, "pgrx" | "pg_sys"));
    offenders.retain(|place| !place.starts_with("src/pg/") && !place.starts_with("src/lib.rs:"));
    holds("pgrx is named in src/pg and src/lib.rs alone", &offenders);
}

#[test]
fn only_the_report_names_sqlstates() {
    let mut offenders = places(&rust("src"), |word| word == "PgSqlErrorCode" || word.starts_with("ERRCODE_"));
    offenders.retain(|place| !place.starts_with("src/pg/"));
    holds("features say what is wrong, and src/pg which SQLSTATE that is", &offenders);
}

/// A function with its owner's rights and its caller's `search_path` would run its caller's functions. The setting stands
/// beside the words that make it necessary: on the same line or the next.
#[test]
fn what_runs_with_its_owner_s_rights_pins_its_search_path() {
    let mut offenders = Vec::new();
    for file in files(&["sql"], |path| path.ends_with(".sql")) {
        let lines: Vec<&str> = file.text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        for (n, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("SECURITY DEFINER")) {
            let beside = [line, lines.get(n + 1).unwrap_or(&"")];
            if !beside.iter().any(|line| line.contains("SET search_path = pg_catalog, pg_temp")) {
                offenders.push(format!("{}:{}: {}", file.path, n + 1, line.trim()));
            }
        }
    }
    holds("a SECURITY DEFINER function pins its search_path", &offenders);
}

#[test]
fn no_file_is_about_two_things() {
    let written = written();
    assert!(written.len() > 150, "only {} files", written.len());
    let long = written.iter().map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > LINES_MAX);
    let offenders: Vec<String> = long.map(|(file, lines)| format!("{}: {lines} lines", file.path)).collect();
    holds("a file has at most 400 lines", &offenders);
}

// --- where a feature stands

#[test]
fn every_feature_has_all_its_rooms() {
    let mut offenders = Vec::new();
    let (architecture, list) = (read("ARCHITECTURE.md"), read("src/features.rs"));
    let map: Vec<&str> = architecture.lines().filter(|line| line.starts_with("| ")).collect();
    for feature in features() {
        let sql = read(format!("sql/install/{feature}.sql"));
        let is_mapped = map.iter().any(|row| row.contains(&format!("`src/{feature}`")));
        let has_triggers = !WITHOUT_TRIGGERS.contains(&feature.as_str());
        let is_documented = ["", "s"].iter().any(|plural| !read(format!("docs/{feature}{plural}.md")).is_empty());
        let rooms = [
            (format!("`src/{feature}` in the code map of ARCHITECTURE.md"), is_mapped),
            ("a row in src/features.rs".to_string(), list.contains(&format!("{feature}::"))),
            (format!("sql/install/{feature}.sql"), !sql.is_empty()),
            (
                format!("src/{feature}/definitions.sql"),
                !has_triggers || !read(format!("src/{feature}/definitions.sql")).is_empty(),
            ),
            (format!("tests/{feature}/main.rs"), !read(format!("tests/{feature}/main.rs")).is_empty()),
            (format!("docs/{feature}.md or docs/{feature}s.md"), !needs_page(&feature) || is_documented),
            (format!("regression tests {feature}_*"), starts(&sql_tests(), &feature)),
            (format!("isolation tests {feature}_*"), starts(&isolation_tests(), &feature)),
        ];
        offenders.extend(
            rooms.into_iter().filter(|(_, is_there)| !is_there).map(|(room, _)| format!("{feature} lacks {room}")),
        );
    }
    holds("a feature has all its rooms", &offenders);
}

/// A trigger that the event triggers do not know of can be dropped unsaid. What the extension puts on its own tables goes
/// with it.
#[test]
fn every_trigger_function_of_a_feature_is_in_the_list() {
    let mut offenders = Vec::new();
    for feature in features() {
        let sql = read(format!("sql/install/{feature}.sql"));
        let created = sql.lines().filter(|line| line.contains("() RETURNS trigger"));
        let names = created.filter_map(|line| line.strip_prefix("CREATE FUNCTION veritable.")?.split('(').next());
        let of_users: Vec<&str> =
            names.filter(|name| !sql.contains(&format!("EXECUTE FUNCTION veritable.{name}("))).collect();
        if of_users.is_empty() && !WITHOUT_TRIGGERS.contains(&feature.as_str()) {
            offenders.push(format!("{feature} has no trigger function"));
        }
        let row = read(format!("src/{feature}/feature.rs"));
        let forgotten = of_users.iter().filter(|name| !row.contains(&format!("name: c\"{name}\"")));
        offenders.extend(forgotten.map(|name| format!("{feature}: {name}")));
    }
    holds("the list of features names all their trigger functions", &offenders);
}

// --- tests

fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let found = files(&[folder], |path| path.ends_with(ending));
    assert!(!found.is_empty(), "no tests in {folder}");
    found
        .iter()
        .map(|file| {
            let name = file.path.rsplit('/').next().expect("a name").trim_end_matches(ending);
            // There can be several expected outputs: NAME.out, NAME_1.out and so on.
            let alternative =
                name.len() > 2 && name[..name.len() - 1].ends_with('_') && name.ends_with(|c: char| c.is_ascii_digit());
            if alternative { name[..name.len() - 2].to_string() } else { name.to_string() }
        })
        .collect()
}

fn sql_tests() -> BTreeSet<String> {
    names("tests/regress/sql", ".sql")
}

fn isolation_tests() -> BTreeSet<String> {
    names("tests/isolation/specs", ".spec")
}

fn starts(names: &BTreeSet<String>, feature: &str) -> bool {
    names.iter().any(|name| name.starts_with(&format!("{feature}_")))
}

#[test]
fn every_test_says_whose_promise_it_keeps() {
    let features = features();
    // What all features have in common.
    let common = ["ddl", "journal", "verify"].map(str::to_string);
    let concerns = |name: &&String| {
        let mut known = features.iter().chain(&common);
        known.any(|known| name == &known || name.starts_with(&format!("{known}_")))
    };
    let (sql, isolation) = (sql_tests(), isolation_tests());
    let offenders: Vec<String> = sql.iter().chain(&isolation).filter(|name| !concerns(name)).cloned().collect();
    holds("a test is named for a feature, or for what all of them have", &offenders);
}

#[test]
fn every_test_has_its_expected_output_and_no_output_is_left_over() {
    let mut offenders = Vec::new();
    for (tests, folder) in [(sql_tests(), "tests/regress/expected"), (isolation_tests(), "tests/isolation/expected")] {
        offenders.extend(tests.symmetric_difference(&names(folder, ".out")).map(|name| format!("{folder}: {name}")));
    }
    holds("pg_regress passes over a test without an expected output", &offenders);
}
