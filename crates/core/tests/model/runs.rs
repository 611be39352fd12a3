//! Chains from which runs were pruned, and every way to tamper with the runs.

use proptest::prelude::*;
use veritable_core::chain::{LinkHash, Run, Stored};

use super::{Row, chain};

/// The run of these places of a chain.
pub fn run_of(rows: &[Row], first: usize, last: usize) -> Run {
    let Stored::Hash(before) = rows[first - 1].previous else { panic!("not sealed") };
    Run::new((first as i64, last as i64), before, rows[last - 1].computed()).unwrap()
}

/// Runs of a chain of this length, which do not overlap, with the number of their last events that are still there.
pub fn runs_of(length: usize) -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((0..4_usize, 1..5_usize, prop_oneof![8 => Just(0_usize), 1 => 0..5_usize]), 0..4).prop_map(
        move |parts| {
            let (mut place, mut runs) = (1, Vec::new());
            for (gap, count, back) in parts {
                let (first, last) = (place + gap, place + gap + count - 1);
                if last > length {
                    break;
                }
                runs.push((first, last, back.min(count)));
                place = last + 1;
            }
            runs
        },
    )
}

/// A chain, its runs, and the rows that are left.
pub fn pruned() -> impl Strategy<Value = (Vec<Row>, Vec<Run>, Vec<Row>)> {
    (0..14_usize).prop_flat_map(|length| runs_of(length).prop_map(move |runs| prune(length, &runs)))
}

fn prune(length: usize, runs: &[(usize, usize, usize)]) -> (Vec<Row>, Vec<Run>, Vec<Row>) {
    let rows = chain(length);
    let is_gone = |row: &&Row| {
        let seq = row.seq.unwrap() as usize;
        runs.iter().any(|&(first, last, back)| (first..=last - back).contains(&seq) && back <= last - first + 1)
    };
    let left = rows.iter().filter(|row| !is_gone(row)).copied().collect();
    let runs = runs.iter().map(|&(first, last, _)| run_of(&rows, first, last)).collect();
    (rows, runs, left)
}

/// An edit of one run.
#[derive(Clone, Debug)]
pub enum RunEdit {
    Remove,
    Copy,
    First(i64),
    Last(i64),
    Before(LinkHash),
    Through(LinkHash),
}

/// Any edit.
pub fn run_edit() -> impl Strategy<Value = RunEdit> {
    let hash = || {
        prop_oneof![
            (0..3_u8).prop_map(|n| LinkHash::of_line(&[n])),
            (1..12_usize).prop_map(|seq| chain(seq)[seq - 1].computed())
        ]
    };
    prop_oneof![
        Just(RunEdit::Remove),
        Just(RunEdit::Copy),
        (-3..4_i64).prop_map(RunEdit::First),
        (-3..4_i64).prop_map(RunEdit::Last),
        hash().prop_map(RunEdit::Before),
        hash().prop_map(RunEdit::Through),
    ]
}

/// Edits one of the runs, unless that would leave no run.
pub fn edit_run(runs: &mut Vec<Run>, place: usize, edit: RunEdit) {
    let run = runs[place];
    let changed = match edit {
        RunEdit::Remove => {
            runs.remove(place);
            return;
        }
        RunEdit::Copy => {
            runs.push(run);
            return;
        }
        RunEdit::First(by) => Run::new((run.first() + by, run.last()), *run.before(), *run.through()),
        RunEdit::Last(by) => Run::new((run.first(), run.last() + by), *run.before(), *run.through()),
        RunEdit::Before(hash) => Run::new((run.first(), run.last()), hash, *run.through()),
        RunEdit::Through(hash) => Run::new((run.first(), run.last()), *run.before(), hash),
    };
    if let Some(changed) = changed {
        runs[place] = changed;
    }
}
