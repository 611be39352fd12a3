//! Each kind of tampering gives the fault that it should, and no other.

mod model;

use model::{Row, chain, walk, walk_after};
use veritable_core::chain::FaultKind::{Altered, Duplicated, Missing, Unlinked, Unsealed};
use veritable_core::chain::{Anchor, LinkHash, Stored, Walk};

#[test]
fn an_intact_chain_has_no_fault() {
    for length in [0, 1, 2, 10] {
        assert_eq!(walk(&chain(length)), []);
    }
}

#[test]
fn an_edited_payload_is_altered_there() {
    for place in 0..5 {
        let mut rows = chain(5);
        rows[place].payload += 1;
        assert_eq!(walk(&rows), [(rows[place].seq, Altered)]);
    }
}

#[test]
fn an_edit_with_a_recomputed_hash_unlinks_the_next_event() {
    let mut rows = chain(5);
    rows[2].payload += 1;
    rows[2].seal();
    assert_eq!(walk(&rows), [(Some(4), Unlinked)]);
}

#[test]
fn an_edit_with_a_recomputed_hash_of_the_newest_event_is_beyond_what_a_chain_can_tell() {
    let mut rows = chain(5);
    rows[4].payload += 1;
    rows[4].seal();
    assert_eq!(walk(&rows), []);
}

#[test]
fn an_edited_hash_is_altered_there() {
    for hash in [Stored::Malformed, Stored::Hash(LinkHash::of_line(b"another"))] {
        let mut rows = chain(5);
        rows[2].hash = hash;
        assert_eq!(walk(&rows), [(Some(3), Altered)]);
    }
}

#[test]
fn an_edited_previous_hash_is_altered_there_and_not_unlinked_too() {
    for place in 0..5 {
        for previous in [Stored::Malformed, Stored::Hash(LinkHash::of_line(b"another"))] {
            let mut rows = chain(5);
            rows[place].previous = previous;
            assert_eq!(walk(&rows), [(rows[place].seq, Altered)]);
        }
    }
    let mut rows = chain(5);
    rows[2].previous = Stored::Null;
    assert_eq!(walk(&rows), [(Some(3), Altered)]);
}

#[test]
fn an_edit_of_payload_and_previous_hash_is_both() {
    let mut rows = chain(5);
    rows[2].payload += 1;
    rows[2].previous = Stored::Hash(LinkHash::of_line(b"another"));
    assert_eq!(walk(&rows), [(Some(3), Altered), (Some(3), Unlinked)]);
}

#[test]
fn a_previous_hash_edited_with_a_recomputed_hash_is_unlinked_there_and_next() {
    let mut rows = chain(5);
    rows[2].previous = Stored::Hash(LinkHash::of_line(b"another"));
    rows[2].seal();
    assert_eq!(walk(&rows), [(Some(3), Unlinked), (Some(4), Unlinked)]);
}

#[test]
fn a_first_event_that_links_to_something_else_than_its_chains_configuration_is_unlinked() {
    for previous in [Stored::Hash(LinkHash::of_line(b"another")), Stored::Null, Stored::Malformed] {
        let mut rows = chain(1);
        rows[0].previous = previous;
        rows[0].seal();
        assert_eq!(walk(&rows), [(Some(1), Unlinked)]);
    }
}

#[test]
fn a_chain_under_another_configuration_is_unlinked_at_its_beginning() {
    let rows = chain(5);
    let faults = walk_after(&Anchor::genesis(LinkHash::of_line(b"another configuration")), &rows);
    assert_eq!(faults, [(Some(1), Unlinked)]);
}

#[test]
fn an_event_that_links_to_the_configuration_but_is_not_the_first_is_unlinked() {
    let mut rows = chain(3);
    rows[2].previous = Stored::Hash(model::genesis());
    rows[2].seal();
    assert_eq!(walk(&rows), [(Some(3), Unlinked)]);
}

#[test]
fn a_deletion_is_missing_at_the_first_place_of_the_gap() {
    let mut rows = chain(10);
    rows.drain(3..6);
    assert_eq!(walk(&rows), [(Some(4), Missing { count: 3 })]);
    rows.remove(0);
    assert_eq!(walk(&rows), [(Some(1), Missing { count: 1 }), (Some(4), Missing { count: 3 })]);
}

#[test]
fn a_deletion_of_the_newest_events_is_beyond_what_a_chain_can_tell() {
    assert_eq!(walk(&chain(10)[..7]), []);
}

#[test]
fn an_altered_event_after_a_gap_is_missing_and_altered() {
    let mut rows = chain(5);
    rows[3].payload += 1;
    rows.remove(2);
    assert_eq!(walk(&rows), [(Some(3), Missing { count: 1 }), (Some(4), Altered)]);
}

#[test]
fn a_copied_event_is_duplicated() {
    let mut rows = chain(5);
    rows.insert(2, rows[2]);
    assert_eq!(walk(&rows), [(Some(3), Duplicated)]);
}

#[test]
fn a_fork_is_duplicated_whichever_branch_comes_first() {
    for order in [2, 3] {
        let mut rows = chain(5);
        let mut branch = rows[2];
        branch.payload += 1;
        branch.seal();
        rows.insert(order, branch);
        assert_eq!(walk(&rows), [(Some(3), Duplicated)]);
    }
}

#[test]
fn a_forged_event_beside_another_is_judged_by_its_own_link() {
    let mut rows = chain(5);
    let mut forged = rows[2];
    forged.previous = Stored::Hash(LinkHash::of_line(b"another"));
    forged.seal();
    rows.insert(3, forged);
    assert_eq!(walk(&rows), [(Some(3), Duplicated), (Some(3), Unlinked)]);
}

#[test]
fn an_event_without_a_hash_is_unsealed_and_keeps_its_place() {
    let mut rows = chain(5);
    rows[2].hash = Stored::Null;
    assert_eq!(walk(&rows), [(Some(3), Unsealed)]);
    rows[2].previous = Stored::Null;
    assert_eq!(walk(&rows), [(Some(3), Unsealed), (Some(3), Unlinked), (Some(4), Unlinked)]);
}

#[test]
fn an_event_without_a_seq_is_unsealed_wherever_it_comes() {
    let mut lost = chain(1)[0];
    lost.seq = None;
    for place in 0..=5 {
        let mut rows = chain(5);
        rows.insert(place, lost);
        assert_eq!(walk(&rows), [(None, Unsealed)]);
    }
}

#[test]
fn an_edited_seq_is_altered_and_missing_where_it_was() {
    for seq in [0, -1, i64::MIN] {
        let mut rows = chain(3);
        rows[1].seq = Some(seq);
        rows.sort_by_key(|row| row.seq);
        assert_eq!(walk(&rows), [(Some(seq), Altered), (Some(2), Missing { count: 1 })]);
        rows[0].seal();
        assert_eq!(walk(&rows), [(Some(seq), Unlinked), (Some(2), Missing { count: 1 })]);
        rows[0].hash = Stored::Null;
        assert_eq!(walk(&rows), [(Some(seq), Unsealed), (Some(2), Missing { count: 1 })]);
    }
}

#[test]
fn no_seq_is_too_high() {
    let mut rows = chain(2);
    rows[1].seq = Some(i64::MAX);
    rows[1].seal();
    rows.push(rows[1]);
    let count = i64::MAX as u64 - 2;
    assert_eq!(walk(&rows), [(Some(2), Missing { count }), (Some(i64::MAX), Duplicated)]);
}

#[test]
fn many_events_in_one_place_are_each_duplicated() {
    let mut rows = chain(2);
    let forged: Vec<Row> = (0..10_000)
        .map(|payload| {
            let mut row = rows[0];
            row.payload = payload;
            row.seal();
            row
        })
        .collect();
    rows.splice(1..1, forged);
    assert_eq!(walk(&rows), vec![(Some(1), Duplicated); 10_000]);
}

/// The anchor at an event of an intact chain.
fn anchor(seq: i64) -> Anchor {
    let rows = chain(seq as usize);
    Anchor::event(seq, rows.last().unwrap().computed()).unwrap()
}

#[test]
fn a_chain_goes_on_after_an_anchor() {
    let rows = chain(6);
    assert_eq!(walk_after(&anchor(3), &rows[3..]), []);
    assert_eq!(walk_after(&anchor(6), &[]), []);
}

#[test]
fn an_event_that_does_not_link_to_the_anchor_is_unlinked() {
    let rows = chain(6);
    let other = Anchor::event(3, LinkHash::of_line(b"another")).unwrap();
    assert_eq!(walk_after(&other, &rows[3..]), [(Some(4), Unlinked)]);
}

#[test]
fn a_deletion_after_the_anchor_is_missing() {
    let rows = chain(6);
    assert_eq!(walk_after(&anchor(2), &rows[3..]), [(Some(3), Missing { count: 1 })]);
}

#[test]
fn an_event_that_is_not_after_the_anchor_has_no_place() {
    let mut rows = chain(6);
    rows[1].payload += 1;
    let faults = [(Some(1), Unlinked), (Some(2), Altered), (Some(3), Unlinked)];
    assert_eq!(walk_after(&anchor(3), &rows), faults);
}

#[test]
fn an_anchor_stands_where_an_event_can_be() {
    let hash = LinkHash::of_line(b"");
    assert_eq!(Anchor::event(0, hash), None);
    assert_eq!(Anchor::event(i64::MIN, hash), None);
    let last = Anchor::event(i64::MAX, hash).unwrap();
    assert_eq!(walk_after(&last, &chain(1)), [(Some(1), Unlinked)]);
}

#[test]
fn an_error_of_recomputing_ends_the_walk() {
    let mut rows = chain(3);
    rows[2].payload += 1;
    rows[2].previous = Stored::Null;
    let mut walk = Walk::new(model::genesis());
    let mut step = |row: &Row| walk.step(&row.event(), |_| Err("no memory"), &mut Vec::new());
    assert_eq!(step(&rows[0]), Ok(()));
    assert_eq!(step(&rows[1]), Ok(()));
    assert_eq!(step(&rows[2]), Err("no memory"));
}
