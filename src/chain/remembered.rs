//! A table of bounded size for what a session remembers of entities: sets of eight entries, of which one makes room for another.
//!
//! It grows with its use, up to a bound. A full set replaces one of its entries: first one that is no head any more, else any.
//! So a load that takes more entities in turn than there is room for still finds most of them.

/// The entries of a set.
const WAYS: usize = 8;
/// The sets of a new table.
const SETS_MIN: usize = 32;
/// The size of an entry with its key, in bytes.
pub const ENTRY: usize = size_of::<Entry>() + size_of::<u64>();

/// What is remembered of one entity. It fills a line of the processor's cache, and so do the keys of a set: among more entries
/// than the cache has room for, one is found with two misses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct Entry {
    /// The stored bytes of the entity's values, hashed with a key of this process.
    pub image: u64,
    /// The newest seq.
    pub seq: i64,
    /// The recorded time; the least number stands for none.
    pub recorded: i64,
    /// The hash of the event.
    pub hash: [u8; 32],
    /// The epoch in which the event is the head.
    pub epoch: u32,
    /// What is known of the entity's pointer.
    pub leaf: u32,
}

/// The keys of a set: the lock keys of the entities, hashed with a key of this process; zero is no entry.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Keys([u64; WAYS]);

/// The table.
#[derive(Default)]
pub struct Remembered {
    /// The keys of each set.
    keys: Vec<Keys>,
    /// The entries: those of a set follow one another, in the order of its keys.
    entries: Vec<Entry>,
    used: usize,
    /// Chooses what is replaced.
    dice: u64,
}

impl Remembered {
    /// The number of bytes that the table takes.
    pub fn bytes(&self) -> usize {
        self.entries.len() * ENTRY
    }

    /// The entry with this key.
    pub fn find(&mut self, key: u64) -> Option<&mut Entry> {
        let set = self.set(key)?;
        let way = self.keys[set].way(key)?;
        Some(&mut self.entries[set * WAYS + way])
    }

    /// Puts an entry in, in place of the one with its key, which is not zero. `epoch` is the present one: entries of others go first.
    /// The table takes at most `bytes_max` bytes.
    pub fn put(&mut self, key: u64, entry: Entry, epoch: u32, bytes_max: usize) {
        if self.entries.is_empty() {
            self.resize(SETS_MIN);
        }
        loop {
            let Some(set) = self.set(key) else { return };
            if let Some(way) = self.keys[set].way(key).or_else(|| self.keys[set].way(0)) {
                self.used += usize::from(self.keys[set].0[way] == 0);
                self.place(set, way, key, entry);
                return;
            }
            let sets = self.keys.len();
            let wanted = (2 * sets).min(bytes_max / (WAYS * ENTRY));
            if wanted > sets && self.used * 4 > self.entries.len() && self.resize(wanted) {
                continue;
            }
            // A linear congruential generator (Knuth): its upper bits are random enough.
            self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let any = (self.dice >> 61) as usize % WAYS;
            let mut ways = (0..WAYS).map(|way| (any + way) % WAYS);
            let former = ways.find(|way| self.entries[set * WAYS + way].epoch != epoch);
            self.place(set, former.unwrap_or(any), key, entry);
            return;
        }
    }

    fn place(&mut self, set: usize, way: usize, key: u64, entry: Entry) {
        self.keys[set].0[way] = key;
        self.entries[set * WAYS + way] = entry;
    }

    /// The set of a key.
    fn set(&self, key: u64) -> Option<usize> {
        let sets = self.keys.len();
        // The upper 64 bits of the product: even over any number of sets.
        (sets > 0).then(|| ((u128::from(key) * sets as u128) >> 64) as usize)
    }

    /// Whether the table has this number of sets now; without memory it stays as it is.
    fn resize(&mut self, sets: usize) -> bool {
        let (mut keys, mut entries) = (Vec::new(), Vec::new());
        if keys.try_reserve_exact(sets).is_err() || entries.try_reserve_exact(sets * WAYS).is_err() {
            return false;
        }
        keys.resize(sets, Keys::default());
        entries.resize(sets * WAYS, Entry::default());
        let former_keys = std::mem::replace(&mut self.keys, keys);
        let former = std::mem::replace(&mut self.entries, entries);
        self.used = 0;
        let of_former = former_keys.iter().flat_map(|keys| keys.0).zip(former);
        for (key, entry) in of_former.filter(|(key, _)| *key != 0) {
            let Some(set) = self.set(key) else { continue };
            // A set of the new table takes in what two sets held, or a part of it; what finds no room is forgotten.
            if let Some(way) = self.keys[set].way(0) {
                self.place(set, way, key, entry);
                self.used += 1;
            }
        }
        true
    }
}

impl Keys {
    /// The place of a key in the set.
    fn way(&self, key: u64) -> Option<usize> {
        self.0.iter().position(|other| *other == key)
    }
}
