//! Statements that change rows together: a check that fails after one of them is repeated after the last.
//!
//! A function such as one that replaces a part of a timeline runs several statements. After the first, the table may be in a
//! state that the caller has not asked for, and that the last statement mends.

use std::cell::RefCell;

use crate::pg::report::Result;

/// A check to be repeated.
type Check = Box<dyn FnOnce() -> Result<()>>;

thread_local! {
    /// The checks to be repeated, for each function that is running.
    static POSTPONED: RefCell<Vec<Vec<Check>>> = const { RefCell::new(Vec::new()) };
}

/// The place of a running function in the list. An error that ends the function forgets its checks: what the function has
/// done is undone with it.
struct Level(usize);

impl Drop for Level {
    fn drop(&mut self) {
        POSTPONED.with_borrow_mut(|levels| levels.truncate(self.0));
    }
}

/// Runs `body`, and then the checks that statements in it have postponed.
pub fn run<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    let level = POSTPONED.with_borrow_mut(|levels| {
        levels.push(Vec::new());
        Level(levels.len() - 1)
    });
    let answer = body()?;
    let checks = POSTPONED.with_borrow_mut(|levels| levels.get_mut(level.0).map(std::mem::take).unwrap_or_default());
    // What a check runs is no part of the function.
    drop(level);
    checks.into_iter().try_for_each(|check| check())?;
    Ok(answer)
}

/// Whether a function is running that changes rows together.
pub fn is_running() -> bool {
    POSTPONED.with_borrow(|levels| !levels.is_empty())
}

/// Repeats a check that has failed at the end of the function that is running.
pub fn postpone(check: impl FnOnce() -> Result<()> + 'static) {
    POSTPONED.with_borrow_mut(|levels| {
        if let Some(level) = levels.last_mut() {
            level.push(Box::new(check));
        }
    });
}
