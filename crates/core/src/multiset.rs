//! A digest of a multiset of elements, in constant memory: equal multisets, taken in any order, have equal digests.
//!
//! The digest is a sum, modulo 2^256, of one hash for each element, each a pseudorandom function of the element under a secret key.
//! Without a secret, a sum can be forged: who can compute the hashes finds other elements with the same sum by lattice or birthday
//! methods. Who does not have the key knows nothing of the hashes, and only learns whether two sums were equal; each guess then
//! succeeds with a probability of about 2^-192: an element occurs fewer than 2^63 times, so of the 256 bits at least 193 count
//! (multiset hashes, MSet-Add-Hash). So the key must be random, and never leave the process.

use sha2::{Digest, Sha256};

/// The secret key of digests. Only digests under the same key can be compared.
#[derive(Clone)]
pub struct MultisetKey([u8; 32]);

impl MultisetKey {
    /// The key of these bytes, which must be random and secret.
    pub fn new(bytes: [u8; 32]) -> MultisetKey {
        MultisetKey(bytes)
    }
}

/// What was added and not removed, less what was removed and not added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Multiset {
    count: i64,
    high: u128,
    low: u128,
}

impl Multiset {
    /// A multiset of one element.
    pub fn of(key: &MultisetKey, element: &[u8]) -> Multiset {
        // SHA-256(key || element). Nobody sees the hash, so nobody can extend it.
        let hash: [u8; 32] = Sha256::new().chain_update(key.0).chain_update(element).finalize().into();
        let (halves, _) = hash.as_chunks::<16>();
        let half = |place: usize| halves.get(place).copied().map_or(0, u128::from_be_bytes);
        Multiset { count: 1, high: half(0), low: half(1) }
    }

    /// Adds all of another multiset.
    pub fn add(&mut self, other: &Multiset) {
        let (low, carry) = self.low.overflowing_add(other.low);
        self.count = self.count.wrapping_add(other.count);
        self.low = low;
        self.high = self.high.wrapping_add(other.high).wrapping_add(u128::from(carry));
    }

    /// Removes all of another multiset.
    pub fn remove(&mut self, other: &Multiset) {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        self.count = self.count.wrapping_sub(other.count);
        self.low = low;
        self.high = self.high.wrapping_sub(other.high).wrapping_sub(u128::from(borrow));
    }

    /// The number of elements: how many more were added than removed.
    pub fn count(&self) -> i64 {
        self.count
    }

    /// Whether exactly what was added was removed.
    pub fn is_empty(&self) -> bool {
        *self == Multiset::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> MultisetKey {
        MultisetKey::new([7; 32])
    }

    fn of(elements: &[u8]) -> Multiset {
        elements.iter().fold(Multiset::default(), |mut all, element| {
            all.add(&Multiset::of(&key(), &[*element]));
            all
        })
    }

    proptest! {
        #[test]
        fn digests_are_equal_exactly_if_the_multisets_are(one in prop::collection::vec(0u8..6, 0..40), seed: u64) {
            let mut other = one.clone();
            // Any order.
            other.sort_by_key(|element| u64::from(*element).wrapping_mul(seed | 1));
            prop_assert_eq!(of(&one), of(&other));
            if let Some(first) = other.first_mut() {
                *first = (*first + 1) % 6;
                prop_assert_ne!(of(&one), of(&other));
            }
        }

        #[test]
        fn what_is_removed_was_added(elements in prop::collection::vec(0u8..6, 0..40), cut in 0usize..40) {
            let cut = cut.min(elements.len());
            let mut all = of(&elements);
            all.remove(&of(&elements[..cut]));
            prop_assert_eq!(all.count(), (elements.len() - cut) as i64);
            prop_assert_eq!(all.is_empty(), cut == elements.len());
            all.remove(&of(&elements[cut..]));
            prop_assert!(all.is_empty());
        }
    }

    #[test]
    fn as_many_elements_are_not_the_same_elements() {
        let mut all = of(&[1, 1]);
        all.remove(&of(&[1, 2]));
        assert_eq!(all.count(), 0);
        assert!(!all.is_empty());
        // Another key has other hashes.
        assert_ne!(Multiset::of(&key(), &[1]), Multiset::of(&MultisetKey::new([8; 32]), &[1]));
    }
}
