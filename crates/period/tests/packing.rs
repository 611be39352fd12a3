//! Packing keeps its laws, against sets of instants small enough to be the bits of a number.

use proptest::collection::vec;
use proptest::prelude::*;
use veritable_period::{Check, Fault, Island, Islands, Period};

/// Time has nine instants. The first reaches back to ever, the last on for ever.
const INSTANTS: u8 = 9;

/// The period from one instant up to, but not including, another.
fn period(start: u8, end: u8) -> Period<u8> {
    assert!(start < end && end <= INSTANTS);
    Period { start: (start > 0).then_some(start), end: (end < INSTANTS).then_some(end) }
}

fn every_period() -> impl Iterator<Item = Period<u8>> + Clone {
    (0..INSTANTS).flat_map(|start| (start + 1..=INSTANTS).map(move |end| period(start, end)))
}

/// The instants of a period, as bits.
fn instants(period: &Period<u8>) -> u16 {
    let start = period.start.unwrap_or(0);
    let end = period.end.unwrap_or(INSTANTS);
    (start..end).map(|instant| 1 << instant).sum()
}

/// Whether two sets have an instant in common, or one begins where the other ends.
fn touch(a: u16, b: u16) -> bool {
    a & b != 0 || (a << 1) & b != 0 || a & (b << 1) != 0
}

/// The instants before the first of a set.
fn before(instants: u16) -> u16 {
    (1 << instants.trailing_zeros()) - 1
}

#[test]
fn two_periods_relate_as_their_instants_do() {
    for a in every_period() {
        for b in every_period() {
            let (x, y) = (instants(&a), instants(&b));
            assert_eq!(a.overlaps(&b), x & y != 0, "{a:?} {b:?}");
            assert_eq!(a.touches(&b), touch(x, y), "{a:?} {b:?}");
            assert_eq!(a.contains(&b), x | y == x, "{a:?} {b:?}");
            assert_eq!(a.cmp_start(&b), x.trailing_zeros().cmp(&y.trailing_zeros()), "{a:?} {b:?}");
        }
    }
}

#[test]
fn the_union_of_periods_that_touch_has_the_instants_of_both() {
    for a in every_period() {
        for b in every_period().filter(|b| a.touches(b)) {
            let mut union = a;
            union.extend(b);
            assert_eq!(instants(&union), instants(&a) | instants(&b), "{a:?} {b:?}");
        }
    }
}

#[test]
fn a_hole_leaves_the_instants_before_it_and_those_after_it() {
    for a in every_period() {
        for hole in every_period() {
            let (head, tail) = a.without(&hole);
            let earlier = before(instants(&hole));
            let later = !(earlier | instants(&hole));
            assert_eq!(head.as_ref().map_or(0, instants), instants(&a) & earlier, "{a:?} {hole:?}");
            assert_eq!(tail.as_ref().map_or(0, instants), instants(&a) & later, "{a:?} {hole:?}");
        }
    }
}

#[test]
fn periods_that_overlap_have_the_instants_of_both_in_common() {
    for a in every_period() {
        for b in every_period().filter(|b| a.overlaps(b)) {
            assert_eq!(instants(&a.common(&b)), instants(&a) & instants(&b), "{a:?} {b:?}");
        }
    }
}

type Key = u8;
type Value = u8;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    id: usize,
    existing: bool,
    key: Key,
    value: Value,
    period: Period<u8>,
}

impl Row {
    fn fact(&self) -> (Key, Value) {
        (self.key, self.value)
    }
}

/// Rows of two keys and two values, new and existing.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let period = proptest::sample::select(every_period().collect::<Vec<_>>());
    let rows = vec((any::<bool>(), 0..2u8, 0..2u8, period), 0..12);
    rows.prop_map(|rows| {
        let row = |(id, (existing, key, value, period))| Row { id, existing, key, value, period };
        rows.into_iter().enumerate().map(row).collect()
    })
}

fn islands(rows: &[Row]) -> Vec<Island<u8, Row>> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.fact().cmp(&b.fact()).then(a.period.cmp_start(&b.period)));
    let mut search = Islands::new();
    let mut found: Vec<_> =
        rows.iter().filter_map(|row| search.add(row.fact(), row.period, *row, row.existing)).collect();
    found.extend(search.finish());
    found
}

/// The rows as they are after packing.
fn packed(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for island in islands(&rows) {
        rows.retain(|row| !island.absorbed.contains(row));
        rows.iter_mut().filter(|row| row.id == island.survivor.id).for_each(|row| row.period = island.period);
    }
    rows
}

/// What holds when: all that packing may not change.
fn history(rows: &[Row]) -> [[u16; 2]; 2] {
    let mut history = [[0; 2]; 2];
    for row in rows {
        history[usize::from(row.key)][usize::from(row.value)] |= instants(&row.period);
    }
    history
}

/// The facts and their periods, in an order of their own.
fn content(rows: &[Row]) -> Vec<(Key, Value, u16)> {
    let mut content: Vec<_> = rows.iter().map(|row| (row.key, row.value, instants(&row.period))).collect();
    content.sort();
    content
}

/// The stretches of instants that follow one another, for each fact: what packed rows must be.
fn stretches(rows: &[Row]) -> Vec<(Key, Value, u16)> {
    let mut stretches = Vec::new();
    for (key, values) in history(rows).into_iter().enumerate() {
        for (value, mut instants) in values.into_iter().enumerate() {
            while instants != 0 {
                let end = (instants | before(instants)).trailing_ones();
                let stretch = instants & ((1 << end) - 1);
                stretches.push((key as Key, value as Value, stretch));
                instants &= !stretch;
            }
        }
    }
    stretches.sort();
    stretches
}

fn faults(rows: &[Row]) -> Vec<(usize, Fault)> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.key.cmp(&b.key).then(a.period.cmp_start(&b.period)));
    let mut check = Check::new();
    rows.iter().filter_map(|row| Some((row.id, check.add(row.key, row.value, row.period)?))).collect()
}

/// The definition of the faults: each row is judged by looking at all those before it.
fn naive_faults(rows: &[Row]) -> Vec<(usize, Fault)> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.key.cmp(&b.key).then(a.period.cmp_start(&b.period)));
    let judge = |(place, row): (usize, &Row)| {
        let earlier = rows[..place].iter().filter(|other| other.key == row.key);
        let (same, other): (Vec<&Row>, Vec<&Row>) = earlier.partition(|other| other.value == row.value);
        if other.iter().any(|other| instants(&other.period) & instants(&row.period) != 0) {
            return Some((row.id, Fault::Overlap));
        }
        let touched = same.iter().any(|other| touch(instants(&other.period), instants(&row.period)));
        touched.then_some((row.id, Fault::Unpacked))
    };
    rows.iter().enumerate().filter_map(judge).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn packed_rows_are_the_stretches_of_their_facts(rows in rows()) {
        prop_assert_eq!(content(&packed(&rows)), stretches(&rows));
    }

    #[test]
    fn packing_changes_nothing_that_holds(rows in rows()) {
        prop_assert_eq!(history(&packed(&rows)), history(&rows));
    }

    #[test]
    fn packing_again_finds_nothing(rows in rows()) {
        let packed = packed(&rows);
        prop_assert!(islands(&packed).is_empty());
        prop_assert!(faults(&packed).iter().all(|(_, fault)| *fault == Fault::Overlap));
    }

    #[test]
    fn packed_rows_of_a_fact_do_not_touch(rows in rows()) {
        let packed = packed(&rows);
        for (place, row) in packed.iter().enumerate() {
            for other in packed[..place].iter().filter(|other| other.fact() == row.fact()) {
                prop_assert!(!touch(instants(&row.period), instants(&other.period)));
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        prop_assert_eq!(content(&packed(&rows)), content(&packed(&shuffled)));
    }

    #[test]
    fn how_rows_are_cut_into_statements_does_not_matter(rows in rows(), size in 1..5usize) {
        let mut table: Vec<Row> = Vec::new();
        for statement in rows.chunks(size) {
            table.iter_mut().for_each(|row| row.existing = true);
            table.extend(statement.iter().map(|row| Row { existing: false, ..*row }));
            table = packed(&table);
        }
        prop_assert_eq!(content(&table), content(&packed(&rows)));
    }

    #[test]
    fn the_existing_row_that_starts_first_survives(rows in rows()) {
        for island in islands(&rows) {
            let mut merged = vec![island.survivor];
            merged.extend(&island.absorbed);
            for row in &merged {
                prop_assert!(island.survivor.existing || !row.existing);
                if island.survivor.existing == row.existing {
                    prop_assert!(island.survivor.period.cmp_start(&row.period).is_le());
                }
            }
            prop_assert_eq!(merged.iter().fold(0, |all, row| all | instants(&row.period)), instants(&island.period));
            prop_assert_eq!(island.widened, island.survivor.period != island.period);
            prop_assert!(island.absorbed.is_sorted_by(|a, b| a.period.cmp_start(&b.period).is_le()));
        }
    }

    #[test]
    fn a_check_finds_what_its_definition_says(rows in rows()) {
        prop_assert_eq!(faults(&rows), naive_faults(&rows));
    }

    #[test]
    fn a_check_finds_nothing_exactly_if_the_rows_are_packed(rows in rows()) {
        let is_packed = islands(&rows).is_empty();
        let is_single_valued = history(&rows).iter().all(|values| values[0] & values[1] == 0);
        prop_assert_eq!(faults(&rows).is_empty(), is_packed && is_single_valued);
    }
}

fn row(id: usize, existing: bool, start: u8, end: u8) -> Row {
    Row { id, existing, key: 0, value: 0, period: period(start, end) }
}

#[test]
fn a_new_row_that_joins_two_existing_ones_leaves_the_first_of_them() {
    let rows = [row(0, true, 1, 3), row(1, true, 5, 7), row(2, false, 3, 5)];
    let expected = Island { period: period(1, 7), survivor: rows[0], widened: true, absorbed: vec![rows[2], rows[1]] };
    assert_eq!(islands(&rows), [expected]);
}

#[test]
fn an_existing_row_survives_a_new_one_that_starts_before_it() {
    let rows = [row(0, true, 3, 5), row(1, false, 1, 3)];
    let expected = Island { period: period(1, 5), survivor: rows[0], widened: true, absorbed: vec![rows[1]] };
    assert_eq!(islands(&rows), [expected]);
}

#[test]
fn a_row_within_an_existing_one_is_absorbed_and_widens_nothing() {
    let rows = [row(0, true, 0, 9), row(1, false, 4, 5)];
    let expected = Island { period: period(0, 9), survivor: rows[0], widened: false, absorbed: vec![rows[1]] };
    assert_eq!(islands(&rows), [expected]);
}

#[test]
fn a_row_that_meets_nothing_is_no_island() {
    assert_eq!(islands(&[row(0, true, 1, 2), row(1, false, 3, 4)]), []);
}

#[test]
fn an_overlap_behind_a_shorter_row_is_found() {
    let mut rows = [row(0, true, 1, 9), row(1, true, 2, 3), row(2, true, 5, 6)];
    rows[1].value = 1;
    rows[2].value = 1;
    assert_eq!(faults(&rows), [(1, Fault::Overlap), (2, Fault::Overlap)]);
}
