//! An LRU cache, bounded by entry count and total weight.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// The maximum number of entries, since each eviction looks at all of them.
const COUNT_MAX: usize = 4096;

/// Values by their keys; the least recently used value is evicted first.
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
    /// The value with this key, if cached.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.uses;
        Some(entry.value.clone())
    }

    /// Caches a value that weighs `weight` bytes, together with the others at most `weight_max`; but always the newest.
    pub fn put(&mut self, key: K, value: V, weight: usize, weight_max: usize) {
        self.remove(&key);
        while self.entries.len() >= COUNT_MAX || !self.entries.is_empty() && self.weight + weight > weight_max {
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
