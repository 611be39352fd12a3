//! How strictly the schemas of a name are admitted: kept with the name, as its mode of compatibility is.

use veritable_schema::{Findings, has_effect};

use crate::pg::function::Call;
use crate::pg::report::{Class, Error, Result};

/// The maximum number of further annotations of a name.
const ANNOTATIONS_MAX: usize = 100;
/// The maximum length of an annotation, in characters.
const LENGTH_MAX: usize = 200;
/// The maximum number of keywords in a hint.
const SHOWN: usize = 5;

/// The strictness of admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strictness {
    /// Whether content without effect is refused, and patterns whose time has no bound.
    pub strict: bool,
    /// Unknown keywords that are let be all the same, sorted.
    pub annotations: Vec<String>,
}

impl Strictness {
    /// That of a first version, unless it is given.
    pub const DEFAULT: Strictness = Strictness { strict: true, annotations: Vec::new() };
    /// The loosest.
    pub const NONE: Strictness = Strictness { strict: false, annotations: Vec::new() };

    /// The strictness in the arguments at these positions of a call; where they are null, that of `before`.
    pub fn given(call: &Call, strict: usize, annotations: usize, before: &Strictness) -> Result<Strictness> {
        let annotations = match call.texts(annotations) {
            Some(given) => checked(given)?,
            None => before.annotations.clone(),
        };
        Ok(Strictness { strict: call.boolean(strict).unwrap_or(before.strict), annotations })
    }

    /// What to do about the problems that admission found, if less strictness helps.
    pub fn hint(&self, found: &Findings) -> Option<String> {
        if !found.strictly {
            return None;
        }
        let is_plain = |keyword: &&String| {
            keyword.len() <= LENGTH_MAX && keyword.chars().all(|c| c.is_ascii_alphanumeric() || "_$:-".contains(c))
        };
        let all: Vec<_> = self.annotations.iter().chain(found.unknown.iter().filter(is_plain)).cloned().collect();
        let shown = all.len().saturating_sub(self.annotations.len());
        let strict = "With strict => false, all content without effect is let be.";
        Some(if found.unknown.is_empty() {
            "With strict => false, some of this is admitted.".to_owned()
        } else if (1..=SHOWN).contains(&shown) && shown == found.unknown.len() {
            format!("With annotations => '{{{}}}', these keywords are let be. {strict}", all.join(","))
        } else {
            format!("With a list of keywords as annotations, these are let be. {strict}")
        })
    }
}

/// The annotations, sorted, each once.
fn checked(given: Vec<Option<String>>) -> Result<Vec<String>> {
    let refused = |message: &str| Err(Error::new(Class::Argument, message));
    let Some(mut all) = given.into_iter().collect::<Option<Vec<_>>>() else {
        return refused("an annotation must not be null");
    };
    all.sort_unstable();
    all.dedup();
    if all.len() > ANNOTATIONS_MAX {
        return refused(&format!("an event schema has more than {ANNOTATIONS_MAX} annotations"));
    }
    if all.iter().any(|keyword| !(1..=LENGTH_MAX).contains(&keyword.chars().count())) {
        return refused(&format!("an annotation must have 1 to {LENGTH_MAX} characters"));
    }
    if let Some(keyword) = all.iter().find(|keyword| has_effect(keyword)) {
        return Err(Error::new(Class::Argument, format!("\"{keyword}\" cannot be an annotation"))
            .detail("JSON Schema defines this keyword, and it has an effect."));
    }
    Ok(all)
}
