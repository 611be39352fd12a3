//! The time of recording.

/// Runs `body` in one moment: all that it seals has the time of the transaction's first append to the same table.
pub fn in_one_moment<T>(body: impl FnOnce() -> T) -> T {
    body()
}
