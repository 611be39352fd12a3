//! What must hold whatever a program does, and what has not held.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::program::ROLES;
use crate::support::signal;

/// How long a statement may take after the timeout that should have ended it.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// The timeout of the server, in milliseconds.
pub const TIMEOUT: u64 = 1000;
/// How much memory of its own a backend may take, in kB: what the largest bounds of the extension add up to, with the
/// values of a gigabyte that PostgreSQL itself allows left out by the grammar.
const MEMORY: u64 = 700_000;

/// A backend at work, watched from beside: a statement that hangs or takes all memory is ended with its process.
pub struct Watch {
    working: Mutex<Option<(u32, Instant)>>,
    broken: Mutex<Option<String>>,
    done: AtomicBool,
}

impl Watch {
    /// Runs `body` beside a thread that watches.
    pub fn during<T>(body: impl FnOnce(&Watch) -> T) -> T {
        let watch = Watch { working: Mutex::new(None), broken: Mutex::new(None), done: AtomicBool::new(false) };
        std::thread::scope(|scope| {
            scope.spawn(|| watch.look());
            // Also where the body panics: the thread would never end otherwise.
            let _end = End(&watch.done);
            body(&watch)
        })
    }

    /// Runs a statement of a backend; gives what it broke.
    pub fn over<T>(&self, backend: u32, statement: impl FnOnce() -> T) -> (T, Option<String>) {
        *self.working.lock().expect("no panic") = Some((backend, Instant::now()));
        let answer = statement();
        *self.working.lock().expect("no panic") = None;
        (answer, self.broken.lock().expect("no panic").take())
    }

    fn look(&self) {
        while !self.done.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
            let mut working = self.working.lock().expect("no panic");
            let Some((backend, start)) = *working else { continue };
            let memory = memory_of(backend);
            let broken = if memory > MEMORY {
                format!("a backend took {memory} kB of memory")
            } else if start.elapsed() > Duration::from_millis(TIMEOUT) + PATIENCE {
                "a statement went on past its timeout".to_string()
            } else {
                continue;
            };
            *self.broken.lock().expect("no panic") = Some(broken);
            *working = None;
            signal("KILL", &[backend]);
        }
    }
}

struct End<'watch>(&'watch AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn memory_of(backend: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{backend}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// The faults that were found, one of each kind, with the program that showed it.
#[derive(Default)]
pub struct Faults(BTreeMap<String, String>);

impl Faults {
    /// Notes a fault. What differs by numbers and by the names of roles is the same.
    pub fn note(&mut self, what: &str, how: &str) {
        let mut kind: String = what.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        for role in ROLES {
            kind = kind.replace(role, "role");
        }
        self.0.entry(kind).or_insert_with(|| format!("{what}\n{how}"));
    }

    /// Those found.
    pub fn all(&self) -> Vec<&String> {
        self.0.values().collect()
    }
}
