//! A chain's configuration resolved against a relation: column places, and a row's line and hash.

use std::cell::RefCell;

use veritable_core::chain::{Event, LinkHash, Stored};
use veritable_core::line::{Line, Member};

use super::arguments::Arguments;
use super::erasable::{Committed, Erasable};
use super::hash_form::HashForm;
use crate::pg::column::Column;
use crate::pg::equality::{Equality, ValueHash, equal_have_same_bytes};
use crate::pg::line::form::Form;
use crate::pg::line::pinned::Pinned;
use crate::pg::lock::{self, Key};
use crate::pg::oid::{Oid, types};
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::{Descriptor, Output, Row};
use crate::pg::types::{has_lasting_hash, is_bigint, is_timestamptz, time_unit};
use crate::table::columns::Columns;

/// The places of a chain's columns in the rows of one relation.
pub struct Layout {
    /// The descriptor of the rows.
    pub descriptor: Descriptor,
    /// The columns that name the entity.
    pub entity: Vec<Entity>,
    /// The place of the seq.
    pub seq: usize,
    /// The previous hash.
    pub previous: HashColumn,
    /// The hash.
    pub hash: HashColumn,
    /// The recorded time.
    pub recorded: Option<Recorded>,
    /// The place of the position in the log, if the chain has a log. No line contains it.
    pub position: Option<usize>,
    /// The hash of the chain's configuration, to which each entity's first event links.
    pub genesis: LinkHash,
    /// The places that an UPDATE may not change: all except excluded and generated columns.
    pub sealed: Vec<usize>,
    /// The columns whose values can be erased. A line holds their commitments.
    pub erasable: Vec<Committed>,
    covered: Vec<Covered>,
    reads_settings: bool,
}

/// A column that names the entity.
pub struct Entity {
    /// The place of the column.
    pub place: usize,
    /// The name of the column.
    pub name: String,
    output: Output,
    hash: ValueHash,
    equality: Option<Equality>,
    has_lasting_hash: bool,
    are_equal_stored_alike: bool,
}

/// A column that holds a hash.
#[derive(Clone, Copy)]
pub struct HashColumn {
    /// The place of the column.
    pub place: usize,
    /// The storage form of the hash.
    pub form: HashForm,
}

/// The column of the recorded time.
#[derive(Clone, Copy)]
pub struct Recorded {
    /// The place of the column.
    pub place: usize,
    /// The resolution of the column's type, in microseconds.
    pub unit: i64,
}

/// A row to verify.
pub enum Whole {
    /// The event.
    Event(Event),
    /// This erasable column does not hold what was sealed.
    Altered(String),
}

struct Covered {
    member: Member,
    place: usize,
    form: Form,
}

/// A line buffer up to this size is kept for the next line.
const BUFFER_KEPT: usize = 1 << 20;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Layout {
    /// Resolves `arguments` against a relation.
    pub fn of(relation: &Relation, arguments: &Arguments) -> Result<Layout> {
        let columns = Columns::of(relation);
        // PostgreSQL computes generated columns after the row is sealed, so the hash leaves them out.
        let own = |name: &str| columns.find_stored(name, "be part of a chain", "row is sealed");
        let typed = |name: &str, is_right: fn(&Column) -> bool, type_name: &str| {
            let column = own(name)?;
            if is_right(column) { Ok(column) } else { Err(columns.wrong_type(name, type_name)) }
        };
        let hash_column = |name: &str| -> Result<HashColumn> {
            let column = own(name)?;
            let form = HashForm::of(column).ok_or_else(|| columns.wrong_type(name, HashForm::TYPES))?;
            Ok(HashColumn { place: column.place, form })
        };
        let entity = |name: &String| -> Result<Entity> {
            let column = columns.find_stored(name, "name the entity", "row is sealed")?;
            let hash = ValueHash::of(column).ok_or_else(|| {
                Error::new(Class::Unsupported, format!("entity column \"{name}\" is of a type that cannot be hashed"))
            })?;
            Ok(Entity {
                place: column.place,
                name: name.clone(),
                output: Output::of(column.type_id),
                hash,
                equality: Equality::of(column),
                has_lasting_hash: has_lasting_hash(column.type_id),
                are_equal_stored_alike: equal_have_same_bytes(column.type_id, column.collation),
            })
        };
        let hash = hash_column(&arguments.hash)?;
        let position = match &arguments.log {
            Some(log) => Some(typed(&log.position, is_bigint, "bigint")?.place),
            None => None,
        };
        let bytes = |name: &String| typed(name, |column| column.type_id == types::BYTEA, "bytea");
        let committed = |names: &Erasable| -> Result<(Committed, Covered)> {
            let value = columns.find_stored(&names.value, "be erasable", "row is sealed")?;
            let (salt, commitment) = (bytes(&names.salt)?, bytes(&names.commitment)?);
            let committed = Committed::of(value, salt, commitment, form_of(relation, value)?);
            // The line holds the commitment as the member of the value.
            let covered = Covered {
                member: Member::new(&names.value)?,
                place: commitment.place,
                form: form_of(relation, commitment)?,
            };
            Ok((committed, covered))
        };
        let (erasable, commitments): (Vec<_>, Vec<_>) =
            arguments.erasable.iter().map(committed).collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let is_erasable =
            |column: &Column| arguments.erasable.iter().any(|names| names.names().contains(&&column.name));
        let sealed =
            columns.list.iter().filter(|column| !column.generated && !arguments.exclude.contains(&column.name));
        let mut covered = sealed
            .clone()
            .filter(|column| column.place != hash.place && Some(column.place) != position && !is_erasable(column))
            .map(|column| Covered::of(relation, column))
            .chain(commitments.into_iter().map(Ok))
            .collect::<Result<Vec<_>>>()?;
        covered.sort_by(|one, other| one.member.cmp(&other.member));
        Ok(Layout {
            descriptor: Descriptor::of(relation),
            entity: arguments.entity.iter().map(entity).collect::<Result<_>>()?,
            seq: typed(&arguments.seq, is_bigint, "bigint")?.place,
            previous: hash_column(&arguments.previous)?,
            hash,
            recorded: match &arguments.recorded {
                Some(name) => {
                    let column = typed(name, is_timestamptz, "timestamp with time zone")?;
                    Some(Recorded { place: column.place, unit: time_unit(column) })
                }
                None => None,
            },
            position,
            genesis: arguments.genesis()?,
            sealed: sealed.map(|column| column.place).collect(),
            reads_settings: covered.iter().any(|column| column.form.reads_settings()),
            covered,
            erasable,
        })
    }

    /// Passes the row's line to `use_line`.
    pub fn with_line<T>(&self, row: &Row, use_line: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let _pinned = self.reads_settings.then(Pinned::new);
        // The buffer is taken, not borrowed, because an output function may run SQL that reenters this function.
        let mut buffer = BUFFER.take();
        let mut line = Line::begin(&mut buffer);
        for column in &self.covered {
            if !row.is_null(column.place) {
                row.write(column.place, &column.form, line.member(&column.member)?)?;
            }
        }
        let answer = use_line(line.end()?);
        if buffer.capacity() <= BUFFER_KEPT {
            BUFFER.set(buffer);
        }
        Ok(answer)
    }

    /// The hash of the row's line.
    pub fn hash_of(&self, row: &Row) -> Result<LinkHash> {
        self.with_line(row, LinkHash::of_line)
    }

    /// The row as an event to verify.
    pub fn event(&self, row: &Row) -> Result<Event> {
        Ok(Event {
            seq: row.integer(self.seq),
            previous: self.previous.stored(row),
            hash: self.hash.stored(row),
            computed: self.hash_of(row)?,
        })
    }

    /// The row as an event to verify, unless an erasable value of it is not the one that was sealed.
    pub fn whole_event(&self, row: &Row) -> Result<Whole> {
        Ok(match self.first_altered(row)? {
            Some(column) => Whole::Altered(column.name.clone()),
            None => Whole::Event(self.event(row)?),
        })
    }

    /// The row as an event to verify if its line cannot be written: no stored hash can be right.
    pub fn unwritable_event(&self, row: &Row) -> Event {
        let hash = self.hash.stored(row);
        // SHA-256 of one and of two zero bytes: at least one of the two hashes differs from the stored hash.
        let other = |length| LinkHash::of_line(&[0; 2][..length]);
        let computed = if hash == Stored::Hash(other(1)) { other(2) } else { other(1) };
        Event { seq: row.integer(self.seq), previous: self.previous.stored(row), hash, computed }
    }

    /// The lock key for appending to the entity of this row in the chain of the relation `root`.
    pub fn key(&self, root: Oid, row: &Row) -> Result<Key> {
        let mut hash = u64::from(u32::from(root));
        for column in &self.entity {
            if row.is_null(column.place) {
                return Err(Error::new(
                    Class::NullValue,
                    format!("null value in entity column \"{}\" of a chained table", column.name),
                ));
            }
            // The hash of one column seeds that of the next, so that the order of columns counts.
            hash = row.hash(column.place, column.hash, hash);
        }
        Ok(Key { kind: lock::Kind::Entity, relation: root, hash })
    }

    /// The hash of the row's entity: equal entities have equal hashes. A NULL, which only tampering can produce, hashes
    /// like any other value.
    pub fn entity_hash(&self, row: &Row) -> u64 {
        self.entity.iter().fold(0, |hash, column| {
            if row.is_null(column.place) { !hash } else { row.hash(column.place, column.hash, hash) }
        })
    }

    /// The key of the row's entity in `veritable.prunings`: equal entities have equal keys, also after a restore. Where the
    /// type's own hash changes with the database, the key is made of the text.
    pub fn entity_key(&self, row: &Row) -> i64 {
        let key = self.entity.iter().fold(0, |key: u64, column| {
            if row.is_null(column.place) {
                !key
            } else if column.has_lasting_hash {
                row.hash(column.place, column.hash, key)
            } else {
                let _pinned = Pinned::new();
                key_of_text(key, &row.text(column.place, &column.output).unwrap_or_default())
            }
        });
        key.cast_signed()
    }

    /// The [key](Layout::entity_key) of an entity whose values are known as texts. A text of which no key is made need not be
    /// that of a value any more.
    pub fn key_of_texts(&self, values: &[Option<String>]) -> Result<i64> {
        let (mut row, mut key) = (Row::empty(&self.descriptor), 0);
        for (column, value) in self.entity.iter().zip(values) {
            key = match value {
                None => !key,
                Some(text) if column.has_lasting_hash => {
                    row.set_text(column.place, text)?;
                    row.hash(column.place, column.hash, key)
                }
                Some(text) => key_of_text(key, text),
            };
        }
        Ok(key.cast_signed())
    }

    /// Whether equal entities have the same [image](Layout::entity_image).
    pub fn equal_entities_are_stored_alike(&self) -> bool {
        self.entity.iter().all(|column| column.are_equal_stored_alike)
    }

    /// Whether two rows of this layout have the same entity, by the equality of the columns' types.
    pub fn is_same_entity(&self, row: &Row, other: &Row) -> bool {
        self.entity
            .iter()
            .all(|column| column.equality.as_ref().is_some_and(|equality| row.is_same(other, column.place, equality)))
    }

    /// A row with nothing but an entity, from the values as texts.
    pub fn row_of_entity(&self, values: &[String]) -> Result<Row<'_>> {
        let mut row = Row::empty(&self.descriptor);
        for (column, value) in self.entity.iter().zip(values) {
            row.set_text(column.place, value)?;
        }
        Ok(row)
    }

    /// The stored bytes of the values that name the row's entity; none of the values is NULL.
    pub fn entity_image(&self, row: &Row) -> Vec<u8> {
        let mut image = Vec::with_capacity(32 * self.entity.len());
        for column in &self.entity {
            row.append_image(column.place, &mut image);
        }
        image
    }

    /// The values that name the row's entity, as texts.
    pub fn entity_texts(&self, row: &Row) -> Vec<Option<String>> {
        let _pinned = Pinned::new();
        self.entity.iter().map(|column| row.text(column.place, &column.output)).collect()
    }
}

impl HashColumn {
    /// The hash that the row has in this column.
    pub fn stored(self, row: &Row) -> Stored {
        row.bytes(self.place)
            .map_or(Stored::Null, |bytes| self.form.read(&bytes).map_or(Stored::Malformed, Stored::Hash))
    }

    /// Puts a hash into the row.
    pub fn put(self, row: &mut Row, hash: &LinkHash) {
        match self.form {
            HashForm::Binary => row.set_bytes(self.place, hash.as_bytes()),
            HashForm::Hexadecimal => row.set_bytes(self.place, &hash.to_hex()),
        }
    }
}

impl Covered {
    fn of(relation: &Relation, column: &Column) -> Result<Covered> {
        Ok(Covered { member: Member::new(&column.name)?, place: column.place, form: form_of(relation, column)? })
    }
}

/// The first 64 bits of SHA-256(key || text), with the key in big-endian order.
fn key_of_text(key: u64, text: &str) -> u64 {
    let hash = LinkHash::of_line(&[&key.to_be_bytes(), text.as_bytes()].concat());
    hash.as_bytes()[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// The form in which a line holds the values of a column.
fn form_of(relation: &Relation, column: &Column) -> Result<Form> {
    Form::of(column.type_id).map_err(|unsupported| {
        Error::new(
            Class::Unsupported,
            format!("column \"{}\" of relation \"{}\" cannot be part of a chain", column.name, relation.name()),
        )
        .detail(unsupported.reason())
        .hint("Exclude the column, or change its type to text.")
    })
}
