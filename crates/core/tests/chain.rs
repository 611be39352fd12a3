//! The ordered check finds what the table of faults says, and the check in no order agrees with it.

mod model;

use model::{Row, tampered, walk, walk_after};
use proptest::prelude::*;
use veritable_core::chain::{Anchor, Balance, BalanceKey, FaultKind, LinkHash, Stored};

/// The table of faults, taken word for word: each row is judged by looking at all the others.
fn naive(anchor: &Anchor, rows: &[Row]) -> Vec<(Option<i64>, FaultKind)> {
    let start = anchor.seq();
    let mut faults = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let Some(seq) = row.seq else {
            faults.push((None, FaultKind::Unsealed));
            continue;
        };
        let altered = row.hash != Stored::Null && row.hash != Stored::Hash(row.computed());
        let mut fault = |kind| faults.push((Some(seq), kind));
        if seq <= start {
            fault(match row.hash {
                Stored::Null => FaultKind::Unsealed,
                _ if altered => FaultKind::Altered,
                _ => FaultKind::Unlinked,
            });
            continue;
        }
        if rows[..place].iter().any(|other| other.seq == row.seq) {
            fault(FaultKind::Duplicated);
        } else {
            let before = rows.iter().filter_map(|other| other.seq).filter(|&other| start < other && other < seq).max();
            let before = before.unwrap_or(start);
            let count = (seq - before - 1) as u64;
            if count > 0 {
                faults.push((Some(before + 1), FaultKind::Missing { count }));
            }
        }
        let mut fault = |kind| faults.push((Some(seq), kind));
        if row.hash == Stored::Null {
            fault(FaultKind::Unsealed);
        }
        if altered {
            fault(FaultKind::Altered);
        }
        let links: Vec<Stored> = if seq - 1 == start {
            vec![Stored::Hash(*anchor.hash())]
        } else {
            let before = rows.iter().filter(|other| other.seq == Some(seq - 1));
            before.flat_map(|other| [Stored::Hash(other.computed()), other.hash]).filter(is_hash).collect()
        };
        let linked = links.contains(&row.previous);
        let only_link_edited = altered && links.iter().any(|&link| row.hash == Stored::Hash(row.computed_with(link)));
        if !links.is_empty() && !linked && !only_link_edited {
            fault(FaultKind::Unlinked);
        }
    }
    faults
}

/// What is left where the events up to the anchor are gone.
fn after(anchor: &Anchor, mut rows: Vec<Row>) -> Vec<Row> {
    rows.retain(|row| row.seq.is_none_or(|seq| seq > anchor.seq()));
    rows
}

fn is_hash(stored: &Stored) -> bool {
    matches!(stored, Stored::Hash(_))
}

fn balance(key: &BalanceKey, rows: &[Row]) -> Balance {
    balance_after(key, &genesis(), rows)
}

fn balance_after(key: &BalanceKey, anchor: &Anchor, rows: &[Row]) -> Balance {
    let mut balance = Balance::new();
    for row in rows {
        balance.add(key, anchor, &row.event());
    }
    balance
}

fn genesis() -> Anchor {
    Anchor::genesis(model::genesis())
}

/// Anchors within the chains that are tampered with: the hash is that of the intact chain, or another.
fn anchors() -> impl Strategy<Value = Anchor> {
    (1..14_usize, prop::bool::weighted(0.9)).prop_map(|(seq, is_own)| {
        let hash = if is_own { model::chain(seq)[seq - 1].computed() } else { LinkHash::of_line(b"another") };
        Anchor::event(seq as i64, hash).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_walk_finds_the_faults_of_the_table(rows in tampered()) {
        prop_assert_eq!(walk(&rows), naive(&genesis(), &rows));
    }

    #[test]
    fn a_walk_from_an_anchor_finds_the_faults_of_the_table(rows in tampered(), anchor in anchors(), all: bool) {
        let rows = if all { rows } else { after(&anchor, rows) };
        prop_assert_eq!(walk_after(&anchor, &rows), naive(&anchor, &rows));
    }

    #[test]
    fn a_chain_balances_from_an_anchor_exactly_if_a_walk_finds_no_fault(
        rows in tampered(),
        anchor in anchors(),
        all: bool,
        key: [u8; 16],
    ) {
        let rows = if all { rows } else { after(&anchor, rows) };
        let intact = walk_after(&anchor, &rows).is_empty().then_some(rows.len() as u64);
        prop_assert_eq!(balance_after(&BalanceKey::new(&key), &anchor, &rows).intact(), intact);
    }

    #[test]
    fn a_chain_balances_exactly_if_a_walk_finds_no_fault(rows in tampered(), key: [u8; 16]) {
        let intact = walk(&rows).is_empty().then_some(rows.len() as u64);
        prop_assert_eq!(balance(&BalanceKey::new(&key), &rows).intact(), intact);
    }

    #[test]
    fn a_balance_is_the_same_in_any_order_and_any_parts(
        (rows, shuffled) in tampered().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        split: prop::sample::Index,
        key: [u8; 16],
    ) {
        let key = BalanceKey::new(&key);
        let (left, right) = shuffled.split_at(split.index(shuffled.len() + 1));
        let mut merged = Balance::from_bytes(&balance(&key, left).to_bytes()).unwrap();
        merged.merge(&Balance::from_bytes(&balance(&key, right).to_bytes()).unwrap());
        prop_assert_eq!(merged.intact(), balance(&key, &rows).intact());
    }

    #[test]
    fn any_bytes_are_a_balance_or_none(
        bytes in prop::collection::vec(any::<u8>(), Balance::LENGTH - 1..=Balance::LENGTH + 1),
    ) {
        if let Some(balance) = Balance::from_bytes(&bytes) {
            prop_assert_eq!(balance.to_bytes().to_vec(), bytes);
        }
    }
}

#[test]
fn a_link_to_an_event_elsewhere_does_not_balance() {
    // Each previous hash is that of some event, but the second and third links are exchanged.
    let key = BalanceKey::new(&[7; 16]);
    let mut rows = model::chain(4);
    let (second, third) = (rows[1].previous, rows[2].previous);
    (rows[1].previous, rows[2].previous) = (third, second);
    rows.iter_mut().for_each(Row::seal);
    assert_eq!(balance(&key, &rows).intact(), None);
}

#[test]
fn links_alone_do_not_balance_where_places_are_wrong() {
    // Linked one to the next without a fault, and as many as the highest seq; but one place is taken twice, one never.
    let key = BalanceKey::new(&[7; 16]);
    let mut rows = model::chain(3);
    rows[1].seq = Some(3);
    rows[1].seal();
    rows[2].previous = rows[1].hash;
    rows[2].seal();
    for order in [[0, 1, 2], [0, 2, 1]] {
        assert_eq!(balance(&key, &order.map(|place| rows[place])).intact(), None);
    }
}

#[test]
fn a_token_depends_on_key_seq_and_hash() {
    let event = |seq, line: &[u8]| {
        let hash = LinkHash::of_line(line);
        veritable_core::chain::Event {
            seq: Some(seq),
            previous: Stored::Hash(model::genesis()),
            hash: Stored::Hash(hash),
            computed: hash,
        }
    };
    let bytes = |key: u8, seq, line: &[u8]| {
        let mut balance = Balance::new();
        balance.add(&BalanceKey::new(&[key; 16]), &genesis(), &event(seq, line));
        balance.to_bytes()
    };
    assert_eq!(bytes(1, 1, b"a"), bytes(1, 1, b"a"));
    assert_ne!(bytes(1, 1, b"a"), bytes(2, 1, b"a"));
    assert_ne!(bytes(1, 1, b"a"), bytes(1, 1, b"b"));
}
