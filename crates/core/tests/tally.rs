//! Tallies: what they tell apart, and what not.

use veritable_core::chain::{BalanceKey, Tally};

fn tally(members: &[(i64, u8)]) -> Tally {
    let key = BalanceKey::new(&[7; 16]);
    members.iter().fold(Tally::default(), |mut tally, &(place, hash)| {
        tally.add(&key, place, &[hash; 32]);
        tally
    })
}

#[test]
fn the_order_does_not_matter() {
    assert!(tally(&[(1, 1), (2, 2), (2, 2)]).agrees(&tally(&[(2, 2), (1, 1), (2, 2)])));
    let mut merged = tally(&[(2, 2)]);
    merged.merge(&tally(&[(1, 1), (2, 2)]));
    assert!(merged.agrees(&tally(&[(1, 1), (2, 2), (2, 2)])));
}

#[test]
fn every_difference_shows() {
    let whole = tally(&[(1, 1), (2, 2)]);
    for other in [&[(1, 1)][..], &[(1, 2), (2, 1)], &[(1, 1), (3, 2)], &[(1, 1), (2, 2), (2, 2)], &[]] {
        assert!(!whole.agrees(&tally(other)), "{other:?}");
    }
}

#[test]
fn a_wrong_member_agrees_with_nothing() {
    let mut wrong = tally(&[(1, 1)]);
    wrong.add_wrong();
    assert!(!wrong.agrees(&wrong) && !wrong.agrees(&tally(&[(1, 1)])));
}

#[test]
fn bytes_give_the_same_tally() {
    let mut tally = tally(&[(1, 1), (-5, 9)]);
    tally.add_wrong();
    assert_eq!(Tally::from_bytes(&tally.to_bytes()), Some(tally));
    assert_eq!(Tally::from_bytes(&tally.to_bytes()[1..]), None);
}
