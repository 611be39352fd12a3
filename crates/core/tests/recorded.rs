//! The recorded time is strictly increasing, is what the column can hold, and never later than it has to be.

use proptest::prelude::*;
use veritable_core::chain::recorded::{is_between, is_finite, next};

const END: i64 = 9_223_371_331_200_000_000;
const NOW: i64 = 820_000_000_123_456;

#[test]
fn it_is_the_clock_or_comes_right_after_the_event_before() {
    assert_eq!(next(NOW, None, 1), Some(NOW));
    assert_eq!(next(NOW, Some(NOW - 1), 1), Some(NOW));
    assert_eq!(next(NOW, Some(NOW), 1), Some(NOW + 1));
    assert_eq!(next(NOW, Some(NOW + 1_000_000), 1), Some(NOW + 1_000_001));
    assert_eq!(next(NOW, Some(i64::MIN), 1), Some(NOW));
}

#[test]
fn it_is_what_a_column_of_less_precision_can_hold() {
    assert_eq!(next(NOW, None, 1_000_000), Some(820_000_000_000_000));
    assert_eq!(next(NOW, Some(820_000_000_000_000), 1_000_000), Some(820_000_001_000_000));
    assert_eq!(next(NOW, Some(NOW), 1_000), Some(820_000_000_124_000));
    assert_eq!(next(-1, None, 1_000_000), Some(-1_000_000));
}

#[test]
fn no_time_comes_after_the_last() {
    assert_eq!(next(NOW, Some(i64::MAX), 1), None);
    assert_eq!(next(NOW, Some(END - 1), 1), None);
    assert_eq!(next(NOW, Some(END - 1_000_000), 1_000_000), None);
    assert_eq!(next(NOW, Some(END - 2), 1), Some(END - 1));
    assert_eq!(next(END, None, 1), None);
}

#[test]
fn a_time_that_is_supplied_lies_after_the_event_before_and_not_after_the_clock() {
    assert!(is_between(NOW, None, NOW, 1));
    assert!(is_between(0, None, NOW, 1));
    assert!(!is_between(NOW + 1, None, NOW, 1));
    assert!(!is_between(NOW - 5, Some(NOW - 5), NOW, 1));
    assert!(is_between(NOW - 4, Some(NOW - 5), NOW, 1));
    // What the event would get anyway.
    assert!(is_between(NOW + 6, Some(NOW + 5), NOW, 1));
    assert!(!is_between(NOW + 7, Some(NOW + 5), NOW, 1));
    for infinite in [i64::MIN, i64::MAX, END] {
        assert!(!is_between(infinite, None, NOW, 1));
        assert!(!is_between(infinite, Some(i64::MAX), NOW, 1));
    }
    assert!(!is_between(NOW, Some(i64::MAX), NOW, 1));
}

fn times() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), NOW - 3_000_000..NOW + 3_000_000, END - 3_000_000..END, Just(i64::MIN), Just(i64::MAX)]
}

proptest! {
    #[test]
    fn the_next_time_is_finite_after_the_one_before_and_could_have_been_supplied(
        clock in -1_000_000_000..2 * NOW,
        before in prop::option::of(times()),
        precision in 0..=6_u32,
    ) {
        let unit = 10_i64.pow(precision);
        if let Some(time) = next(clock, before, unit) {
            prop_assert!(is_finite(time));
            prop_assert_eq!(time.rem_euclid(unit), 0);
            prop_assert!(before.is_none_or(|before| before < time));
            prop_assert!(time <= clock || before.is_some_and(|before| time - before <= unit));
            prop_assert!(is_between(time, before, clock, unit));
        }
    }

    #[test]
    fn no_time_makes_the_next_overflow(clock in any::<i64>(), before in any::<i64>(), precision in 0..=6_u32) {
        let unit = 10_i64.pow(precision);
        next(clock, Some(before), unit);
        is_between(before, Some(clock), clock, unit);
    }
}
