//! What was used of late, within a bound on its number and on its weight.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A backend keeps as many compiled schemas, and other answers of the registry.
const COUNT_MAX: usize = 128;

/// And as many bytes of them. PostgreSQL knows nothing of this memory.
const WEIGHT_MAX: usize = 32 << 20;

/// Values by their keys; the one that was not used for longest goes first.
pub struct Lru<K, V> {
    entries: HashMap<K, Entry<V>>,
    weight: usize,
    uses: u64,
}

struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K, V> Default for Lru<K, V> {
    fn default() -> Self {
        Lru { entries: HashMap::new(), weight: 0, uses: 0 }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Lru<K, V> {
    /// The value with this key, if it is here.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.uses;
        Some(entry.value.clone())
    }

    /// Keeps a value, of this many bytes.
    pub fn put(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        while self.entries.len() >= COUNT_MAX || !self.entries.is_empty() && self.weight + weight > WEIGHT_MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.into_iter().for_each(|key| self.remove(&key));
        }
        self.weight += weight;
        self.entries.insert(key, Entry { value, weight, used: self.uses });
    }

    fn remove(&mut self, key: &K) {
        self.weight -= self.entries.remove(key).map_or(0, |entry| entry.weight);
    }
}
