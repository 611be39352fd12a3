//! The recorded time of an event: the time when it was appended. The time increases strictly within a chain. The time
//! is never after the clock, unless the event before has such a time already.
//!
//! Times are PostgreSQL's own: microseconds since 2000-01-01, whose extreme values stand for infinity.

/// The first time that a `timestamptz` cannot hold: the year 294277 begins.
const END: i64 = 9_223_371_331_200_000_000;

/// The recorded time of the next event, in a column with times that are `unit` microseconds apart; `before` is the time
/// of the event before. `None` if no time is left, because `before` is infinity or the end of all times.
///
/// The time is the clock, rounded down to what the column can hold, or the next time after `before`.
pub fn next(clock: i64, before: Option<i64>, unit: i64) -> Option<i64> {
    let now = round_down(clock, unit);
    let next = match before {
        Some(before) if is_finite(before) => now.max(round_down(before, unit).saturating_add(unit)),
        // There is no time to come after.
        Some(i64::MIN) | None => now,
        Some(_) => return None,
    };
    is_finite(next).then_some(next)
}

/// Whether an event that comes with its hash may keep its recorded time: the time is after `before`, and not later than
/// the clock or the time that [`next`] gives.
pub fn is_between(time: i64, before: Option<i64>, clock: i64, unit: i64) -> bool {
    let latest = next(clock, before, unit).map_or(clock, |next| next.max(clock));
    is_finite(time) && before.is_none_or(|before| before < time) && time <= latest
}

/// Whether the value is a time, and not infinity.
pub fn is_finite(time: i64) -> bool {
    time > i64::MIN && time < END
}

fn round_down(time: i64, unit: i64) -> i64 {
    time.saturating_sub(time.rem_euclid(unit.max(1)))
}
