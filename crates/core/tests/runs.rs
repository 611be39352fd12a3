//! Chains with pruned runs: never a false accusation, never a false acquittal.

mod model;

use model::runs::{edit_run, pruned, run_edit, run_of};
use model::{Edit, Row, apply, chain, genesis, tampered_by};
use proptest::prelude::*;
use veritable_core::chain::FaultKind::{
    Altered, Duplicated, Missing, RunDuplicated, RunUnlinked, Unlinked, Unproved, Unsealed,
};
use veritable_core::chain::{Anchor, Balance, BalanceKey, FaultKind, LinkHash, Run, Stored, Walk};

type Faults = Vec<(Option<i64>, FaultKind)>;

/// The faults of rows and runs that are in order.
fn walk(rows: &[Row], runs: &[Run]) -> Faults {
    walk_after(&Anchor::genesis(genesis()), rows, runs)
}

fn walk_after(anchor: &Anchor, rows: &[Row], runs: &[Run]) -> Faults {
    let (mut walk, mut faults, mut runs) = (Walk::after(anchor), Vec::new(), runs.iter().peekable());
    for row in rows {
        while let Some(run) = runs.next_if(|run| row.seq.is_some_and(|seq| run.first() <= seq)) {
            walk.run(run, &mut faults);
        }
        let recompute = |previous| Ok::<_, std::convert::Infallible>(row.computed_with(Stored::Hash(previous)));
        walk.step(&row.event(), recompute, &mut faults).unwrap();
    }
    runs.for_each(|run| walk.run(run, &mut faults));
    walk.end(&mut faults);
    faults.into_iter().map(|fault| (fault.seq, fault.kind)).collect()
}

fn balance(rows: &[Row], runs: &[Run], key: [u8; 16]) -> Option<u64> {
    let (key, anchor) = (BalanceKey::new(&key), Anchor::genesis(genesis()));
    // Runs and events come from different parts of a plan: they are merged.
    let (mut of_rows, mut of_runs) = (Balance::new(), Balance::new());
    rows.iter().for_each(|row| of_rows.add(&key, &anchor, &row.event()));
    runs.iter().for_each(|run| of_runs.add_run(&key, &anchor, run));
    of_runs.merge(&of_rows);
    of_runs.intact()
}

fn is_in(run: &Run, row: &Row) -> bool {
    row.seq.is_some_and(|seq| (run.first()..=run.last()).contains(&seq))
}

fn run_at<'r>(runs: &'r [Run], row: &Row) -> Option<&'r Run> {
    runs.iter().find(|run| is_in(run, row))
}

fn overlap(runs: &[Run]) -> bool {
    runs.windows(2).any(|pair| pair[1].first() <= pair[0].last())
}

/// The table of faults, taken word for word, of runs that do not overlap: each row and run is judged by looking at all the
/// others. In no order.
fn naive(rows: &[Row], runs: &[Run]) -> Faults {
    let mut faults = Vec::new();
    let outside: Vec<&Row> = rows.iter().filter(|row| run_at(runs, row).is_none()).collect();
    let hashes = |rows: &mut dyn Iterator<Item = &Row>, seq: i64| -> Vec<Stored> {
        let here = rows.filter(|row| row.seq == Some(seq));
        here.flat_map(|row| [Stored::Hash(row.computed()), row.hash])
            .filter(|hash| matches!(hash, Stored::Hash(_)))
            .collect()
    };
    let hashes_outside = |seq: i64| match runs.iter().find(|run| run.last() == seq) {
        _ if seq == 0 => vec![Stored::Hash(genesis())],
        Some(run) => vec![Stored::Hash(*run.through())],
        None => hashes(&mut outside.iter().copied(), seq),
    };
    let gap = |seq: i64| {
        let events = outside.iter().filter_map(|row| row.seq).filter(|other| (1..seq).contains(other));
        let before = events.chain(runs.iter().map(Run::last).filter(|last| *last < seq)).max().unwrap_or(0);
        let count = (seq - before - 1) as u64;
        (count > 0).then_some((Some(before + 1), Missing { count }))
    };
    for run in runs {
        faults.extend(gap(run.first()));
        let links = hashes_outside(run.first() - 1);
        if !links.is_empty() && !links.contains(&Stored::Hash(*run.before())) {
            faults.push((Some(run.first()), RunUnlinked { last: run.last() }));
        }
        let within = || rows.iter().filter(|row| is_in(run, row));
        for seq in run.first()..=run.last().min(1000) {
            let here = hashes(&mut within(), seq);
            let has_next = within().any(|row| row.seq == Some(seq + 1));
            let is_end = seq == run.last() && here.contains(&Stored::Hash(*run.through()));
            if within().any(|row| row.seq == Some(seq)) && !has_next && !is_end {
                faults.push((Some(seq), Unproved));
            }
        }
    }
    for (place, row) in rows.iter().enumerate() {
        let Some(seq) = row.seq else {
            faults.push((None, Unsealed));
            continue;
        };
        let mut fault = |kind| faults.push((Some(seq), kind));
        let altered = row.hash != Stored::Null && row.hash != Stored::Hash(row.computed());
        if row.hash == Stored::Null {
            fault(Unsealed);
        }
        if altered {
            fault(Altered);
        }
        if seq < 1 {
            if row.hash != Stored::Null && !altered {
                fault(Unlinked);
            }
            continue;
        }
        let run = run_at(runs, row);
        if rows[..place].iter().any(|other| other.seq == row.seq) {
            fault(Duplicated);
        } else if run.is_none() {
            faults.extend(gap(seq));
        }
        let links = match run {
            Some(run) if run.first() == seq => vec![Stored::Hash(*run.before())],
            Some(run) => hashes(&mut rows.iter().filter(|row| is_in(run, row)), seq - 1),
            None => hashes_outside(seq - 1),
        };
        let only_link_edited = altered && links.iter().any(|&link| row.hash == Stored::Hash(row.computed_with(link)));
        if !links.is_empty() && !links.contains(&row.previous) && !only_link_edited {
            faults.push((Some(seq), Unlinked));
        }
    }
    faults
}

fn sorted(mut faults: Faults) -> Faults {
    faults.sort_by_key(|(seq, kind)| (*seq, format!("{kind:?}")));
    faults
}

/// A pruned chain after edits of its rows, and of its runs.
fn tampered() -> impl Strategy<Value = (Vec<Row>, Vec<Run>)> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), run_edit()), 0..3);
    (pruned(), edits).prop_flat_map(|((_, mut runs, left), edits)| {
        for (index, edit) in edits {
            if !runs.is_empty() {
                let place = index.index(runs.len());
                edit_run(&mut runs, place, edit);
            }
        }
        runs.sort_by_key(Run::first);
        tampered_by(left, 5).prop_map(move |rows| (rows, runs.clone()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_was_pruned_is_no_fault((_, runs, left) in pruned(), key: [u8; 16]) {
        prop_assert_eq!(walk(&left, &runs), []);
        let is_back = left.iter().any(|row| run_at(&runs, row).is_some());
        prop_assert_eq!(balance(&left, &runs, key), (!is_back).then_some(left.len() as u64));
    }

    #[test]
    fn a_walk_finds_the_faults_of_the_table((rows, runs) in tampered()) {
        let found = walk(&rows, &runs);
        if overlap(&runs) {
            let is_named = found.iter().any(|(_, kind)| matches!(kind, RunDuplicated { .. }));
            prop_assert!(is_named);
        } else {
            prop_assert_eq!(sorted(found), sorted(naive(&rows, &runs)));
        }
    }

    #[test]
    fn a_chain_balances_exactly_if_a_walk_finds_no_fault_and_no_event_in_a_run(
        (rows, runs) in tampered(),
        key: [u8; 16],
    ) {
        let is_intact = walk(&rows, &runs).is_empty() && rows.iter().all(|row| run_at(&runs, row).is_none());
        prop_assert_eq!(balance(&rows, &runs, key), is_intact.then_some(rows.len() as u64));
    }

    #[test]
    fn what_is_before_a_pruning_or_in_it_cannot_be_rewritten(
        ((all, runs), rows) in pruned().prop_flat_map(|(all, runs, left)| {
            (Just((all, runs)), tampered_by(left, 6))
        }),
    ) {
        if walk(&rows, &runs).is_empty() {
            let until = runs.iter().map(Run::last).max().unwrap_or(0);
            for row in rows.iter().filter(|row| row.seq.is_some_and(|seq| seq <= until)) {
                prop_assert_eq!(row, &all[row.seq.unwrap() as usize - 1]);
            }
            for seq in 1..=until {
                let pruned = runs.iter().any(|run| run.first() <= seq && seq <= run.last());
                prop_assert!(pruned || rows.iter().any(|row| row.seq == Some(seq)), "{} is gone", seq);
            }
        }
    }

    #[test]
    fn an_edited_run_shows_unless_it_is_the_end(
        (_, runs, left) in pruned(),
        index: prop::sample::Index,
        edit in run_edit(),
        key: [u8; 16],
    ) {
        // A chain cannot tell how far it goes, and with which hash a run at its end ends.
        let last = runs.iter().map(Run::last).max();
        let goes_on = last.is_some() && left.iter().any(|row| row.seq > last);
        if goes_on && left.iter().all(|row| run_at(&runs, row).is_none()) {
            let mut edited = runs.clone();
            edit_run(&mut edited, index.index(runs.len()), edit);
            edited.sort_by_key(Run::first);
            if edited != runs {
                prop_assert!(!walk(&left, &edited).is_empty());
                prop_assert_eq!(balance(&left, &edited, key), None);
            }
        }
    }
}

#[test]
fn a_chain_goes_on_after_a_run() {
    let rows = chain(9);
    let (one, other) = (run_of(&rows, 1, 3), run_of(&rows, 6, 7));
    let left: Vec<Row> = [&rows[3..5], &rows[7..]].concat();
    assert_eq!(walk(&left, &[one, other]), []);
    assert_eq!(balance(&left, &[one, other], [7; 16]), Some(4));
    assert_eq!(walk(&[], &[run_of(&rows, 1, 9)]), []);
    assert_eq!(balance(&[], &[run_of(&rows, 1, 9)], [7; 16]), Some(0));
}

#[test]
fn a_deletion_beside_a_run_is_missing() {
    let rows = chain(9);
    let runs = [run_of(&rows, 1, 3), run_of(&rows, 6, 7)];
    let without = |gone: i64| -> Vec<Row> {
        let is_left = |row: &&Row| {
            let seq = row.seq.unwrap();
            seq != gone && run_at(&runs, row).is_none()
        };
        rows.iter().filter(is_left).copied().collect()
    };
    for gone in [4, 5, 8] {
        assert_eq!(walk(&without(gone), &runs), [(Some(gone), Missing { count: 1 })]);
        assert_eq!(balance(&without(gone), &runs, [7; 16]), None);
    }
    assert_eq!(walk(&rows[3..5], &runs[1..]), [(Some(1), Missing { count: 3 })]);
}

#[test]
fn an_edit_before_a_run_unlinks_the_run() {
    let mut rows = chain(6);
    let run = run_of(&rows, 4, 5);
    rows[2].payload += 1;
    let left = |rows: &[Row]| [&rows[..3], &rows[5..]].concat();
    assert_eq!(walk(&left(&rows), &[run]), [(Some(3), Altered)]);
    rows[2].seal();
    assert_eq!(walk(&left(&rows), &[run]), [(Some(4), RunUnlinked { last: 5 })]);
}

#[test]
fn a_run_of_another_beginning_is_unlinked() {
    let rows = chain(3);
    let other = Run::new((1, 2), LinkHash::of_line(b"another"), rows[1].computed()).unwrap();
    assert_eq!(walk(&rows[2..], &[other]), [(Some(1), RunUnlinked { last: 2 })]);
    let other = Run::new((1, 2), genesis(), LinkHash::of_line(b"another")).unwrap();
    assert_eq!(walk(&rows[2..], &[other]), [(Some(3), Unlinked)]);
}

#[test]
fn events_that_were_put_back_count_if_the_run_vouches_for_them() {
    let mut rows = chain(6);
    let run = run_of(&rows, 1, 4);
    assert_eq!(walk(&rows, &[run]), []);
    assert_eq!(walk(&rows[2..], &[run]), []);
    assert_eq!(balance(&rows[2..], &[run], [7; 16]), None);
    // Without event 4, nothing vouches for the others.
    let some = [&rows[..3], &rows[4..]].concat();
    assert_eq!(walk(&some, &[run]), [(Some(3), Unproved)]);
    assert_eq!(walk(&[&rows[..2], &rows[3..]].concat(), &[run]), [(Some(2), Unproved)]);
    apply(&mut rows, 3, Edit::Payload);
    assert_eq!(walk(&rows, &[run]), [(Some(4), Altered)]);
    apply(&mut rows, 3, Edit::Seal);
    assert_eq!(walk(&rows, &[run]), [(Some(4), Unproved)]);
    // At the end of the chain, too.
    assert_eq!(walk(&rows[3..4], &[run]), [(Some(4), Unproved)]);
    assert_eq!(walk(&[rows[4], rows[4]], &[run]), [(Some(5), Duplicated)]);
}

#[test]
fn a_run_that_takes_places_of_another_is_named() {
    let rows = chain(8);
    let [one, other, inner] = [(1, 4), (3, 6), (2, 3)].map(|(first, last)| run_of(&rows, first, last));
    assert_eq!(walk(&rows[6..], &[one, other]), [(Some(3), RunDuplicated { last: 6 })]);
    assert_eq!(walk(&rows[4..], &[one, inner]), [(Some(2), RunDuplicated { last: 3 })]);
    assert_eq!(walk(&rows[4..], &[one, one]), [(Some(1), RunDuplicated { last: 4 })]);
    assert_eq!(balance(&rows[4..], &[one, one], [7; 16]), None);
}

#[test]
fn a_run_stands_after_the_anchor() {
    let rows = chain(6);
    let anchor = Anchor::event(2, rows[1].computed()).unwrap();
    assert_eq!(walk_after(&anchor, &rows[4..], &[run_of(&rows, 3, 4)]), []);
    let faults = walk_after(&anchor, &rows[4..], &[run_of(&rows, 2, 4)]);
    assert_eq!(faults, [(Some(2), RunUnlinked { last: 4 }), (Some(3), Missing { count: 2 })]);
    let mut balance = Balance::new();
    balance.add_run(&BalanceKey::new(&[7; 16]), &anchor, &run_of(&rows, 1, 2));
    assert_eq!(balance.intact(), None);
}

#[test]
fn a_run_has_at_least_one_place() {
    let hash = LinkHash::of_line(b"");
    for places in [(0, 1), (2, 1), (-1, -1), (i64::MIN, i64::MAX)] {
        assert_eq!(Run::new(places, hash, hash), None);
    }
    let all = Run::new((1, i64::MAX), genesis(), hash).unwrap();
    assert_eq!(walk(&[], &[all]), []);
    assert_eq!(walk(&chain(1), &[all]), [(Some(1), Unproved)]);
}
