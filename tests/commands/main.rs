//! Random sequences of commands over chained, packed and validated tables: definitions of every kind, rows, partitions,
//! savepoints, as a plain owner and as the superuser, none of whom touches the triggers.
//!
//! After each commit every guarantee verifies, or the command was refused. Chained rows are all still there, no row is refused
//! that nothing is wrong with, an empty table is refused nothing but what is refused by name, and no error is an internal one.
//! What a program leaves behind verifies after a dump and restore, and on a logical replica.
//!
//! A failure prints its seed, and the shortest program that shows it:
//!
//! ```sh
//! COMMANDS_SEED=7 COMMANDS_PROGRAMS=1 cargo test --no-default-features --features pg15 --test commands
//! COMMANDS_AVOID='CREATE RULE|DROP DOMAIN' COMMANDS_SECONDS=600 cargo test …       # looks past faults that are known
//! COMMANDS_STEPS=100000 cargo test --no-default-features --features pg15 --test commands
//! ```

mod afterwards;
#[path = "../fuzz/grammar.rs"]
mod grammar;
mod matrix;
mod migrations;
mod model;
mod program;
mod run;
mod shrink;
#[path = "../support/mod.rs"]
mod support;
mod values;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use run::{STATEMENTS, World};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

fn say(text: &str) {
    // Written past the test harness, which would keep it to itself.
    writeln!(std::io::stderr(), "{text}").expect("standard error");
}

#[test]
fn whatever_commands_do_every_guarantee_holds_or_they_are_refused() {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    // A change is judged by the same programs as the one before it. `make fuzz` takes new ones.
    let by_default = if std::env::var_os("CI").is_some() { 1_795_896_898 } else { clock.as_secs() };
    let first = number("COMMANDS_SEED").unwrap_or(by_default);
    let steps = number("COMMANDS_STEPS");
    let time = Duration::from_secs(number("COMMANDS_SECONDS").unwrap_or(if steps.is_some() { u64::MAX } else { 60 }));
    let programs = number("COMMANDS_PROGRAMS").unwrap_or(u64::MAX);
    let world = World::new();
    let start = Instant::now();
    let (mut ran, mut statements, mut succeeded) = (0, 0, 0);
    let mut times = [Duration::ZERO; 3];
    let mut faults: BTreeMap<String, String> = BTreeMap::new();
    let mut counts: BTreeMap<String, BTreeMap<String, (usize, String)>> = BTreeMap::new();
    while ran < programs && start.elapsed() < time && steps.is_none_or(|steps| statements < steps) {
        let seed = first + ran;
        let database = world.database("program");
        let outcome = world.run(seed, STATEMENTS, &database);
        // Every 25th program, and the first: a copy takes as long as a program.
        let is_sound = !outcome.faults.iter().any(|(_, fault)| fault.text.starts_with("after the commit"));
        let copied = if ran % number("COMMANDS_COPY_EVERY").unwrap_or(25) == 0 && is_sound {
            afterwards::faults(&database)
        } else {
            vec![]
        };
        for fault in copied {
            let kind = fault.chars().filter(|letter| !letter.is_ascii_digit()).take(60).collect();
            let statements = shrink::script(&outcome.statements);
            faults.entry(kind).or_insert_with(|| format!("-- seed {seed}, what is left behind: {fault}\n{statements}"));
        }
        world.remove(database);
        (ran, statements) = (ran + 1, statements + outcome.answers.len() as u64);
        for (sum, time) in times.iter_mut().zip(outcome.times) {
            *sum += time;
        }
        for (sql, answer) in &outcome.answers {
            succeeded += u64::from(answer == "ok");
            let code = answer.split(':').next().expect("a part").to_string();
            counts.entry(command(sql)).or_default().entry(code).or_insert((0, answer.clone())).0 += 1;
        }
        for (length, fault) in outcome.faults {
            if faults.contains_key(&fault.kind) {
                continue;
            }
            let time = Duration::from_secs(number("COMMANDS_SHRINK").unwrap_or(60));
            let shortest = shrink::shrink(&world, &outcome.statements[..length], &fault, time);
            let text = format!("-- seed {seed}: {}\n{}", fault.text, shrink::script(&shortest));
            say(&text);
            faults.insert(fault.kind, text);
        }
    }
    if std::env::var("COMMANDS_COUNTS").is_ok() {
        say(&format!("statements, catalogs, verifications: {times:?}"));
        for (command, codes) in &counts {
            say(&format!("{command}: {codes:?}"));
        }
    }
    say(&format!(
        "{ran} programs from seed {first}: {statements} statements in {} s, of which {succeeded} succeeded",
        start.elapsed().as_secs()
    ));
    assert!(
        faults.is_empty(),
        "{} kinds of faults:\n\n{}",
        faults.len(),
        faults.values().map(|fault| format!("{fault}\n")).collect::<String>()
    );
    // A fuzzer whose every command is refused finds nothing.
    assert!(succeeded * 10 >= statements * 4, "of {statements} statements only {succeeded} succeeded");
}

/// What kind of command it is, for the counts.
fn command(sql: &str) -> String {
    let words: Vec<_> = sql.split_whitespace().collect();
    let length = match words[..] {
        ["ALTER", "TABLE", "ONLY" | "IF", ..] => 3,
        ["ALTER", "TABLE", _, "ALTER", "COLUMN", _, ..] => {
            return format!(
                "ALTER TABLE ALTER COLUMN {}",
                words[6..].iter().take(2).cloned().collect::<Vec<_>>().join(" ")
            );
        }
        ["ALTER", "TABLE", _, ..] => {
            return format!("ALTER TABLE {}", words[3..].iter().take(2).cloned().collect::<Vec<_>>().join(" "));
        }
        _ => 2,
    };
    words.iter().take(length).cloned().collect::<Vec<_>>().join(" ")
}
