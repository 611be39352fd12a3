//! The directory of all filters: the first page of the table, and further ones, each named by the one before.
//!
//! An entry is read and changed under the lock of its page alone. So all that it says holds for everybody at once, whatever becomes of
//! the transaction that has written it.

use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::pages::{Bytes, Pages, SIZE};

/// The first bytes of a page of the directory.
const MAGIC: [u8; 8] = *b"filters1";
/// Where the header has the number of the file, and that of the next page, which is zero on the last one.
const FILE: usize = 8;
const NEXT: usize = 12;
/// The length of the header, and of an entry.
const HEADER: usize = 64;
const LENGTH: usize = 192;
const ENTRIES: usize = (SIZE - HEADER) / LENGTH;
/// The most layers of a filter.
pub const LAYERS_MAX: usize = 16;
/// The horizon of what has been said just now.
pub const NOT_YET: u64 = u64::MAX;

/// Pages of a filter, one behind the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// The first page.
    pub start: u32,
    /// The number of pages.
    pub pages: u32,
}

/// What is said of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The table; zero in an entry that is free.
    pub target: u32,
    /// What the hashes of keys depend on: the trigger, and the types.
    pub identity: [u8; 16],
    /// The name, drawn by lot.
    pub name: u64,
    /// A number that grows when what is covered counts no longer.
    pub epoch: u64,
    /// The first number of transactions that have known all this from their beginning.
    pub horizon: u64,
    /// The page that says what is covered.
    pub coverage: u32,
    /// A number that grows when more is covered.
    pub changes: u32,
    /// The transaction that has added the entry; zero if it had no number, and so has not made the table.
    pub maker: u64,
    layers: [Layer; LAYERS_MAX],
    count: u32,
}

/// The place of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    page: u32,
    number: usize,
}

impl Entry {
    /// An entry without layers.
    pub fn new(target: Oid, identity: [u8; 16], name: u64, maker: u64, coverage: u32) -> Entry {
        Entry {
            target: target.into(),
            identity,
            name,
            epoch: 1,
            horizon: NOT_YET,
            coverage,
            changes: 0,
            maker,
            layers: [Layer::default(); LAYERS_MAX],
            count: 0,
        }
    }

    /// The layers, the oldest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers[..(self.count as usize).min(LAYERS_MAX)]
    }

    /// Adds a layer, if there is room.
    pub fn push(&mut self, layer: Layer) {
        if let Some(place) = self.layers.get_mut(self.count as usize) {
            *place = layer;
            self.count += 1;
        }
    }

    fn read(bytes: &Bytes, number: usize) -> Entry {
        let mut rest = &bytes[HEADER + number * LENGTH..][..LENGTH];
        let mut four = || {
            let (four, after) = rest.split_at(4);
            rest = after;
            u32::from_ne_bytes([four[0], four[1], four[2], four[3]])
        };
        let (target, count) = (four(), four());
        let identity = [four(), four(), four(), four()];
        let mut eight = || u64::from(four()) << 32 | u64::from(four());
        let (name, epoch, horizon) = (eight(), eight(), eight());
        let (coverage, changes) = (four(), four());
        let layers = std::array::from_fn(|_| Layer { start: four(), pages: four() });
        let maker = u64::from(four()) << 32 | u64::from(four());
        let mut bytes = [0; 16];
        bytes.chunks_exact_mut(4).zip(identity).for_each(|(place, part)| place.copy_from_slice(&part.to_ne_bytes()));
        Entry { target, identity: bytes, name, epoch, horizon, coverage, changes, maker, layers, count }
    }

    fn write(&self, bytes: &mut Bytes, number: usize) {
        let halves = |number: u64| [(number >> 32) as u32, number as u32];
        let identity =
            self.identity.chunks_exact(4).map(|part| u32::from_ne_bytes([part[0], part[1], part[2], part[3]]));
        let numbers = [self.target, self.count]
            .into_iter()
            .chain(identity)
            .chain([self.name, self.epoch, self.horizon].into_iter().flat_map(halves))
            .chain([self.coverage, self.changes])
            .chain(self.layers.iter().flat_map(|layer| [layer.start, layer.pages]))
            .chain(halves(self.maker));
        let room = bytes[HEADER + number * LENGTH..][..LENGTH].chunks_exact_mut(4);
        room.zip(numbers).for_each(|(place, number)| place.copy_from_slice(&number.to_ne_bytes()));
    }
}

/// Whether the page is one of the directory, in this file.
fn is_right(bytes: &Bytes, file: u32) -> bool {
    bytes[..MAGIC.len()] == MAGIC && bytes[FILE..FILE + 4] == file.to_ne_bytes()
}

fn begin(bytes: &mut Bytes, file: u32) {
    bytes.fill(0);
    bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
    bytes[FILE..FILE + 4].copy_from_slice(&file.to_ne_bytes());
}

fn next(bytes: &Bytes) -> u32 {
    u32::from_ne_bytes([bytes[NEXT], bytes[NEXT + 1], bytes[NEXT + 2], bytes[NEXT + 3]])
}

/// The entry at a place, if it is that of the table.
pub fn at(pages: &Pages, place: Place, target: Oid) -> Option<Entry> {
    let file = pages.file();
    pages
        .read(place.page, |bytes| is_right(bytes, file).then(|| Entry::read(bytes, place.number)))
        .flatten()
        .filter(|entry| entry.target == u32::from(target))
}

/// The place of the table's entry.
pub fn find(pages: &Pages, target: Oid) -> Option<Place> {
    first(pages, |entry| entry.target == u32::from(target)).map(|(place, _)| place)
}

/// The entries of which `wanted` holds.
pub fn all(pages: &Pages, wanted: impl Fn(&Entry) -> bool) -> Vec<(Place, Entry)> {
    let mut all = Vec::new();
    walk(pages, |place, entry| {
        if wanted(&entry) {
            all.push((place, entry));
        }
        true
    });
    all
}

/// The first entry of which `wanted` holds.
fn first(pages: &Pages, wanted: impl Fn(&Entry) -> bool) -> Option<(Place, Entry)> {
    let mut first = None;
    walk(pages, |place, entry| {
        first = wanted(&entry).then_some((place, entry));
        first.is_none()
    });
    first
}

/// Hands each entry to `act`, until that answers no.
fn walk(pages: &Pages, mut act: impl FnMut(Place, Entry) -> bool) {
    let (file, count) = (pages.file(), pages.count());
    let mut page = 0;
    // A directory has at most as many pages as the table.
    for _ in 0..count {
        if page >= count {
            break;
        }
        let next = pages.read(page, |bytes| {
            let mut each = 0..if is_right(bytes, file) { ENTRIES } else { 0 };
            let goes_on = each.all(|number| act(Place { page, number }, Entry::read(bytes, number)));
            if goes_on && is_right(bytes, file) { next(bytes) } else { 0 }
        });
        match next {
            None | Some(0) => break,
            Some(next) => page = next,
        }
    }
}

/// Changes the entry at a place, if it is still that of this filter and `act` agrees.
pub fn change(pages: &Pages, place: Place, name: u64, act: impl FnOnce(&mut Entry) -> bool) -> bool {
    let file = pages.file();
    let changed = pages.change(place.page, |bytes| {
        if !is_right(bytes, file) {
            return (false, false);
        }
        let mut entry = Entry::read(bytes, place.number);
        let is_changed = entry.name == name && entry.target != 0 && act(&mut entry);
        if is_changed {
            entry.write(bytes, place.number);
        }
        (is_changed, is_changed)
    });
    changed.unwrap_or(false)
}

/// The lock on the directory, for adding entries and layers, if nobody has it. It is released at the end of `act`.
pub fn alone<T>(table: Oid, hash: u64, act: impl FnOnce() -> T) -> Option<T> {
    let key = Key { kind: Kind::Filter, relation: table, hash };
    // The same backend can be at it, around a function that a type runs.
    if lock::is_held_as(key, Mode::Exclusive) || !lock::acquire(key, Mode::Exclusive, false) {
        return None;
    }
    let answer = act();
    lock::release(key, Mode::Exclusive);
    Some(answer)
}

/// Adds an entry, which `make` completes. It gets the pages of the smallest free one that has a layer of so many pages as `wanted`.
/// Others stay for smaller filters. The caller is alone, and has found none of this table.
pub fn add(pages: &Pages, wanted: u32, make: impl FnOnce(Option<Entry>) -> Entry) -> Option<()> {
    let file = pages.file();
    if pages.count() == 0 {
        pages.add(1, |_, bytes| begin(bytes, file));
    }
    // After the table was rewritten, the pages are other ones, and what they say counts no longer.
    pages.change(0, |bytes| {
        let is_old = !is_right(bytes, file);
        if is_old {
            begin(bytes, file);
        }
        ((), is_old)
    })?;
    let fits = |entry: &Entry| entry.target == 0 && entry.layers().iter().any(|layer| layer.pages >= wanted);
    let size = |entry: &Entry| entry.layers().iter().map(|layer| u64::from(layer.pages)).sum::<u64>();
    let fitting = all(pages, fits).into_iter().min_by_key(|(_, entry)| size(entry));
    let is_empty = |entry: &Entry| entry.target == 0 && entry.count == 0;
    let (place, free) = match fitting.or_else(|| first(pages, is_empty)) {
        Some(found) => found,
        None => {
            let page = pages.add(1, |_, bytes| begin(bytes, file));
            let mut last = 0;
            while let Some(next) = pages.read(last, next).filter(|next| *next != 0) {
                last = next;
            }
            pages.change(last, |bytes| {
                bytes[NEXT..NEXT + 4].copy_from_slice(&page.to_ne_bytes());
                ((), true)
            })?;
            first(pages, is_empty)?
        }
    };
    let entry = make(Some(free).filter(|free| free.count > 0));
    pages.change(place.page, |bytes| {
        entry.write(bytes, place.number);
        ((), true)
    })
}

/// Frees the entry at a place, if it is still that of this filter. Its pages are for another one, unless they are damaged.
pub fn free(pages: &Pages, place: Place, name: u64, is_damaged: bool) {
    change(pages, place, name, |entry| {
        entry.target = 0;
        if is_damaged {
            entry.count = 0;
        }
        true
    });
}
