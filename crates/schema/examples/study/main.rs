//! A study of `covers`: pairs of schemas in, verdicts out, each of them attacked.
//!
//!     study [STEPS] < pairs > verdicts      two directions of each pair, attacked with so many steps each
//!     study admitted < pairs > pairs        the pairs whose both sides are admitted
//!
//! A pair is a line of JSON, `{"name": …, "old": …, "new": …}`. A line of verdicts has the pair's name, the direction, the
//! verdict, the reason and the place or the example, milliseconds on the processor, the peak of memory in bytes, and what became of the attack:
//! a counterexample to *compatible* (`attack`), or an example that is none (`example_holds`: false). bench/compatibility.py
//! makes pairs and reads verdicts.

mod attack;
mod generate;
mod random;
mod sides;
mod texts;

use std::io::{BufRead, Write, stdin, stdout};
use std::ptr;
use std::time::{Duration, Instant};

use attack::{Attack, attack};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use veritable_schema::{
    Bounds, COMPARISON, Formats, Limits, Parsed, Patterns, Rules, Validator, Verdict, Version, covers, parse, problems,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Ten times what the search for a document may use: half of the comparison's steps.
const STEPS: u64 = 10 * COMPARISON / 2;
/// What a schema may be nested, as the registry has it.
const DEPTH: usize = 64;
/// PostgreSQL leaves two megabytes of stack.
const STACK: usize = 2 << 20;

fn limits() -> Limits {
    let here = 0_u8;
    let floor = ptr::from_ref(&here).addr().saturating_sub(STACK);
    Limits { bounds: Bounds { floor, steps: Limits::STEPS, interrupted: || false }, patterns: Limits::PATTERNS }
}

fn main() {
    let argument = std::env::args().nth(1);
    let steps = argument.as_ref().map_or(STEPS, |text| text.parse().unwrap_or(STEPS));
    for line in stdin().lock().lines().map_while(Result::ok) {
        let Ok(pair) = parse(&line) else { continue };
        let (old, new) = (&pair["old"], &pair["new"]);
        if argument.as_deref() == Some("admitted") {
            if is_admitted(old) && is_admitted(new) {
                told(&line);
            }
            continue;
        }
        for (direction, old, new) in [("backward", old, new), ("forward", new, old)] {
            let mut told_of = judged(old, new, steps);
            told_of["name"] = pair["name"].clone();
            told_of["direction"] = json!(direction);
            told(&told_of.to_string());
        }
    }
}

/// What a clock says, and the time of this thread on a processor, which does not count while others run. The system keeps the
/// latter by the tick.
#[derive(Clone, Copy)]
struct Times(Instant, Option<Duration>);

impl Times {
    const TICK: Duration = Duration::from_millis(10);

    fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let spent = stat.and_then(|stat| stat.split(' ').next()?.parse().ok());
        Self(Instant::now(), spent.map(Duration::from_nanos))
    }

    /// The time since then: at most what it took on the processor, and a tick.
    fn since(self, start: Self) -> Duration {
        let clock = self.0 - start.0;
        self.1.zip(start.1).map_or(clock, |(end, start)| clock.min(end - start + Self::TICK))
    }
}

fn told(line: &str) {
    let mut out = stdout().lock();
    // Whoever reads has gone if this fails.
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// Whether the registry would take the schema, without strictness: admitted, and compiled as a test.
fn is_admitted(schema: &Value) -> bool {
    problems(schema, false, Formats::Asserted, DEPTH, &limits()).is_ok_and(|problems| problems.is_empty())
        && validator(schema).is_some()
}

fn validator(schema: &Value) -> Option<Validator<Parsed>> {
    let build = |patterns| {
        let rules = Rules { patterns, formats: Formats::Asserted, resources: &[], base: None };
        Validator::build(schema, &rules, &limits()).ok()
    };
    build(Patterns::Linear).or_else(|| build(Patterns::Backtracking))
}

/// The verdict of one direction, and what an attack on it finds.
fn judged(old: &Value, new: &Value, steps: u64) -> Value {
    let version = |schema| Version { schema, resources: &[] };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Times::now();
    let verdict = covers(&version(new), &version(old), Formats::Asserted, &limits(), COMPARISON);
    let time = Times::now().since(start);
    let memory = MEMORY.peak_usage().saturating_sub(before);
    let mut told = json!({ "ms": time.as_secs_f64() * 1000.0, "memory": memory });
    let validators = || validator(old).zip(validator(new));
    match verdict {
        Verdict::Compatible => {
            told["verdict"] = json!("compatible");
            if let Some((before, after)) = validators() {
                let Attack { counterexample, tried, valid } = attack((old, &before), (new, &after), steps);
                told["tried"] = json!(tried);
                told["valid"] = json!(valid);
                told["attack"] = json!(counterexample);
            }
        }
        Verdict::Incompatible { example, .. } => {
            told["verdict"] = json!("incompatible");
            if let Some((example, (before, after))) = example.as_ref().zip(validators()) {
                let bounds = Bounds { steps: u64::MAX, ..limits().bounds };
                let holds =
                    before.is_valid(example, &bounds) == Ok(true) && after.is_valid(example, &bounds) == Ok(false);
                told["example_holds"] = json!(holds);
            }
            told["example"] = json!(example);
            told["has_example"] = json!(example.is_some());
        }
        Verdict::Undecided { reason, place } => {
            told["verdict"] = json!("undecided");
            told["reason"] = json!(reason);
            told["place"] = json!(place);
            // What a generator of documents would have found.
            if let Some((before, after)) = validators() {
                told["attack"] = json!(attack((old, &before), (new, &after), steps).counterexample);
            }
        }
    }
    told
}
