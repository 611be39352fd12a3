//! The judgement of a stored document by what its row claims: a schema, and maybe a version.
//!
//! A row that names a version is judged by that version. A row that names none was stored under a version that was the
//! newest one then, and nobody knows which: it is judged by all versions of its schema, and one match is enough. So a
//! version that is registered later, or the retirement of a schema, accuses no document.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use veritable_schema::Shown;

use super::arguments::Unknown;
use super::document::{self, shortened};
use super::known::{self, Entry, EventSchema};
use super::register::NAME_BYTES_MAX;
use super::registry;
use super::settings;
use crate::pg::oid::Oid;
use crate::pg::report::Result;
use crate::table::lru::Lru;

/// The maximum number of versions whose reason for not being usable is kept.
const UNUSABLE_MAX: usize = 1000;

/// The judgement of a document.
pub enum Judgement {
    /// The document matches what its row claims, or the validation lets it pass.
    Matches,
    /// No version is named, none matches, and the document may be older than all of them.
    MayBeOlder,
    /// The document does not match: a fault, and its explanation.
    Fault(&'static str, String),
}

/// The versions of event schemas, as documents claim them.
pub struct Claims {
    registry: Oid,
    /// The versions of each name; `None` for a name without versions.
    names: Lru<String, Option<Rc<Versions>>>,
    /// The reasons why versions cannot be used.
    unusable: HashMap<(String, i64), String>,
}

/// The versions of a name.
struct Versions {
    /// The number of the newest version.
    newest: i64,
    /// The versions that have a schema, the one that matched last first.
    with_schema: RefCell<Vec<i64>>,
}

/// The match of a document with one version.
enum Match {
    Yes,
    No(Rc<EventSchema>),
    /// Nobody can say: the schema, or the document under it, is beyond a limit, or the registry is damaged.
    Unknown(String),
}

impl Claims {
    /// No claims yet.
    pub fn new() -> Result<Claims> {
        Ok(Claims { registry: registry::table()?, names: Lru::default(), unusable: HashMap::new() })
    }

    /// Judges a document whose row names a schema and a version, if it does.
    pub fn judge(
        &mut self,
        name: Option<String>,
        version: Option<i64>,
        document: &[u8],
        unknown: Unknown,
    ) -> Result<Judgement> {
        let unregistered = |detail: String| match unknown {
            Unknown::Allow => Judgement::Matches,
            Unknown::Refuse => Judgement::Fault("unknown", detail),
        };
        let Some(name) = name else {
            return Ok(unregistered("The column that names its event schema is null.".to_string()));
        };
        let versions = if name.len() <= NAME_BYTES_MAX { self.versions(&name)? } else { None };
        let Some(versions) = versions else {
            let name = shortened(name, NAME_BYTES_MAX);
            return Ok(unregistered(format!("Event schema \"{name}\" does not exist.")));
        };
        if let Err(error) = document::check_size(document) {
            return Ok(unvalidated(error.message()));
        }
        match version {
            None => self.judge_by_all(&name, &versions.with_schema, document, unknown),
            Some(version) if versions.with_schema.borrow().contains(&version) => {
                self.judge_by_version(&name, version, document)
            }
            Some(version) => {
                let is_there = (1..=versions.newest).contains(&version);
                let detail = if is_there {
                    format!("Version {version} of event schema \"{name}\" has no schema: it retires the name.")
                } else {
                    format!("Event schema \"{name}\" has no version {version}.")
                };
                Ok(Judgement::Fault("unknown", detail))
            }
        }
    }

    fn judge_by_version(&mut self, name: &str, version: i64, document: &[u8]) -> Result<Judgement> {
        Ok(match self.matches(name, version, document)? {
            Match::Yes => Judgement::Matches,
            Match::Unknown(reason) => unvalidated(&reason),
            Match::No(schema) => {
                let errors = errors(&schema, document);
                let claim = format!("event schema \"{name}\" version {version}");
                Judgement::Fault("invalid", format!("It does not match {claim}: {errors}"))
            }
        })
    }

    fn judge_by_all(
        &mut self,
        name: &str,
        versions: &RefCell<Vec<i64>>,
        document: &[u8],
        unknown: Unknown,
    ) -> Result<Judgement> {
        let (mut newest, mut reason): (Option<Rc<EventSchema>>, _) = (None, None);
        let all = versions.borrow().clone();
        for (position, version) in all.into_iter().enumerate() {
            match self.matches(name, version, document)? {
                Match::Yes => {
                    // Rows that were stored one after another match the same version.
                    versions.borrow_mut()[..=position].rotate_right(1);
                    return Ok(Judgement::Matches);
                }
                Match::Unknown(why) => reason = Some(why),
                Match::No(schema) if newest.as_ref().is_none_or(|newest| newest.version < schema.version) => {
                    newest = Some(schema);
                }
                Match::No(_) => {}
            }
        }
        if let Some(reason) = reason {
            return Ok(unvalidated(&reason));
        }
        if unknown == Unknown::Allow {
            return Ok(Judgement::MayBeOlder);
        }
        let by = newest
            .map_or(String::new(), |newest| format!(" By version {}: {}", newest.version, errors(&newest, document)));
        Ok(Judgement::Fault("invalid", format!("It matches no version of event schema \"{name}\".{by}")))
    }

    fn versions(&mut self, name: &str) -> Result<Option<Rc<Versions>>> {
        if let Some(versions) = self.names.get(name) {
            return Ok(versions);
        }
        let found = registry::numbers(name)?;
        let weight = found.as_ref().map_or(0, |found| size_of_val(&*found.with_schema));
        let versions =
            found.map(|found| Rc::new(Versions { newest: found.newest, with_schema: RefCell::new(found.with_schema) }));
        self.names.put(name.to_string(), versions.clone(), weight + name.len(), settings::schema_cache_size());
        Ok(versions)
    }

    fn matches(&mut self, name: &str, version: i64, document: &[u8]) -> Result<Match> {
        let key = (name.to_string(), version);
        if let Some(reason) = self.unusable.get(&key) {
            return Ok(Match::Unknown(reason.clone()));
        }
        let schema = match known::look_up(self.registry, name, Some(version)) {
            Ok(Entry::Schema(schema)) => schema,
            Ok(Entry::Unknown | Entry::Retired) => return Ok(Match::Unknown("its event schema is gone".to_string())),
            Err(error) => {
                if self.unusable.len() < UNUSABLE_MAX {
                    self.unusable.insert(key, error.message().to_string());
                }
                return Ok(Match::Unknown(error.message().to_string()));
            }
        };
        Ok(match document::is_valid(&schema.validator, document, document.len()) {
            Ok(true) => Match::Yes,
            Ok(false) => Match::No(schema),
            Err(error) => Match::Unknown(error.message().to_string()),
        })
    }
}

fn unvalidated(reason: &str) -> Judgement {
    Judgement::Fault("unread", format!("The document cannot be validated: {reason}."))
}

/// The errors of a document in one line. Who verifies a table may read all its values.
fn errors(schema: &EventSchema, document: &[u8]) -> String {
    document::detail(&schema.validator, document, Shown::Values).replace('\n', "; ")
}
