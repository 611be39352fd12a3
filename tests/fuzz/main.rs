//! Random programs of SQL over all that the extension offers: its functions with odd arguments, its triggers put by hand where they
//! do not belong, definitions of all kinds, hostile types and functions, several sessions that hold locks.
//!
//! Whatever they do: no backend crashes, hangs or takes all memory, no error is an internal one, and nothing of one plain role
//! ever runs as another. A failure names the seed of its program and the file with its statements:
//!
//! ```sh
//! FUZZ_SEED=7 FUZZ_PROGRAMS=1 cargo test --no-default-features --features pg15 --test fuzz
//! FUZZ_SECONDS=3600 cargo test --no-default-features --features pg15 --test fuzz       # or: make fuzz
//! ```

mod grammar;
mod program;
mod run;
#[path = "../support/mod.rs"]
mod support;
mod watch;

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use run::World;
use watch::{Faults, Watch};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

#[test]
fn whatever_is_done_nobody_crashes_the_server_or_runs_as_somebody_else() {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let first = number("FUZZ_SEED").unwrap_or(clock.as_secs());
    let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(60));
    let programs = number("FUZZ_PROGRAMS").unwrap_or(u64::MAX);
    let world = World::new();
    let (mut faults, mut ran, mut statements, mut succeeded) = (Faults::default(), 0, 0, 0);
    let start = Instant::now();
    Watch::during(|watch| {
        while ran < programs && start.elapsed() < time {
            // A program has a seed of its own, so it can be run alone.
            let (done, good) = world.run(first + ran, watch, &mut faults);
            (ran, statements, succeeded) = (ran + 1, statements + done, succeeded + good);
        }
    });
    writeln!(
        std::io::stderr(),
        "{ran} programs from seed {first}: {statements} statements, of which {succeeded} succeeded"
    )
    .expect("standard error");
    let all = faults.all();
    assert!(
        all.is_empty(),
        "{} kinds of faults:\n\n{}",
        all.len(),
        all.iter().map(|fault| format!("{fault}\n")).collect::<String>()
    );
    // A fuzzer whose every statement fails finds nothing.
    assert!(succeeded * 5 > statements, "of {statements} statements only {succeeded} succeeded");
}

#[test]
fn a_seed_repeats_its_program() {
    let grammar = run::grammar();
    let functions =
        [program::Function { name: "f".to_string(), arguments: vec!["jsonb".to_string(), "name[]".to_string()] }];
    let text = |seed| {
        let mut program = program::Program::new(seed, &grammar, &functions);
        (0..50).map(|_| program.next().sql).collect::<Vec<_>>()
    };
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}
