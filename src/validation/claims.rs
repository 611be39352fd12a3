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
    /// The versions of each name that have a schema, those that matched last first; `None` for a name without versions.
    names: Lru<String, Rc<Option<RefCell<Vec<i64>>>>>,
    /// The reasons why versions cannot be used.
    unusable: HashMap<(String, i64), String>,
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
        let versions = if name.len() <= NAME_BYTES_MAX { self.versions(&name)? } else { Rc::new(None) };
        let Some(versions) = &*versions else {
            let name = shortened(name, NAME_BYTES_MAX);
            return Ok(unregistered(format!("Event schema \"{name}\" does not exist.")));
        };
        if let Err(error) = document::check_size(document) {
            return Ok(unvalidated(error.message()));
        }
        match version {
            Some(version) if versions.borrow().contains(&version) => self.judge_by_version(&name, version, document),
            Some(version) => {
                Ok(Judgement::Fault("unknown", format!("Event schema \"{name}\" has no schema as version {version}.")))
            }
            None => self.judge_by_all(&name, versions, document, unknown),
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

    /// The versions of a name that have a schema.
    fn versions(&mut self, name: &str) -> Result<Rc<Option<RefCell<Vec<i64>>>>> {
        if let Some(versions) = self.names.get(name) {
            return Ok(versions);
        }
        let versions = registry::numbers(name)?;
        let weight = versions.as_ref().map_or(0, |versions| versions.len() * size_of::<i64>());
        let versions = Rc::new(versions.map(RefCell::new));
        self.names.put(name.to_string(), Rc::clone(&versions), weight);
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
