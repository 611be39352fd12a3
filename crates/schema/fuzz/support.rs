//! What the targets share: how they read their input, and their limits.
#![allow(dead_code, reason = "each target uses a part of it")]

use std::time::Duration;
use std::{fs, ptr};

use veritable_schema::{Bounds, Limits, Value};

/// What a step of the work may take at most, on the processor: three times what it takes without the fuzzer's instruments.
const SLOW: Duration = Duration::from_secs(3);

/// The usual limits, and two megabytes of the stack.
pub fn limits() -> Limits {
    let here = 0_u8;
    let bounds = Bounds { floor: ptr::from_ref(&here).addr() - (2 << 20), steps: Limits::STEPS, interrupted: || false };
    Limits { bounds, patterns: Limits::PATTERNS }
}

/// Does a step of the work within its time.
pub fn timed<R>(schema: &Value, work: impl FnOnce() -> R) -> R {
    let start = processor();
    let result = work();
    let taken = processor() - start;
    assert!(taken < SLOW, "{taken:?}: {schema}");
    result
}

/// The time that this thread has had on the processor, so that other work on the machine does not count.
fn processor() -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(statistics.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
}

/// What to build, a byte a choice. At the end: the first of all.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    pub fn byte(&mut self) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        (*first).into()
    }

    pub fn flip(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.byte() % end
    }

    pub fn more(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn among<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    pub fn some<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| one(self)).collect()
    }

    pub fn text(&mut self) -> String {
        let length = self.below(12).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        let bytes: Vec<u8> = text.iter().copied().filter(|&byte| byte != 0).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How many of something: mostly few, seldom very many.
    pub fn many(&mut self) -> usize {
        match self.below(16) {
            0..=8 => 1 + self.below(4),
            9..=12 => 1 + self.below(32),
            13..=14 => 1 + self.byte() * 4,
            _ => 1 + self.byte() * 40,
        }
    }
}
