//! A compiled schema, and its verdict on documents.

use jsonschema::{Draft, PatternOptions, Registry, ValidationError};
use referencing::RegistryBuilder;

use crate::admission::unknown_dialect;
use crate::backtracking::{Backtracking, LIMIT};
use crate::bounded::Bounded;
use crate::bounds::{Bounds, Exceeded, caught, within};
use crate::compile::{CACHE, Limits, Refusal, check_lost, check_patterns, check_texts, check_work, respelled};
use crate::document::Form;
use crate::outline::Outline;
use crate::place::{problem, uncompilable};
use crate::walk::{draft, schemas};
use crate::{Problem, Shown, Value, Violation, Violations, formats, mask, message, union};

/// The library's URI for a schema without one.
const BASE: &str = "json-schema:///";

/// The kind of regular expressions in patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patterns {
    /// Regular expressions that take a time linear in the text.
    Linear,
    /// Also look-around and back-references. A match that backtracks too often meets a bound.
    Backtracking,
}

/// The setting for checking `format`. Unknown formats are never checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formats {
    /// In every draft; `uuid` and `duration` also in drafts that do not define them.
    Asserted,
    /// In no draft.
    Annotations,
    /// In drafts 4, 6 and 7, without the formats of later drafts.
    AsDrafted,
}

/// The rules for reading a schema.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The kind of regular expressions in patterns.
    pub patterns: Patterns,
    /// The setting for checking `format`.
    pub formats: Formats,
    /// The schemas that references may lead to, with their URIs.
    pub resources: &'a [(String, Value)],
    /// The URI of the schema itself.
    pub base: Option<&'a str>,
}

/// A compiled schema for documents of the representation `F`.
pub struct Validator<F: Form> {
    compiled: jsonschema::Validator<Bounded<F::Json>>,
    backtracking: Backtracking,
    outline: Outline,
    /// The URI at the beginning of locations in the schema itself.
    base: Option<String>,
}

/// Refuses two schemas with one URI, of which the compiler would take parts of either.
fn check_identifiers(schema: &Value) -> Result<(), Problem> {
    let schemas = schemas(schema);
    let Some((position, _)) = schemas.twice.as_ref().filter(|(_, uri)| !uri.contains('#')) else { return Ok(()) };
    let location = schemas.location(&schemas.all[*position]) + "/" + schemas.draft.id_keyword();
    Err(Problem { location, message: "is the URI of another schema in here, too".to_owned() })
}

impl<F: Form> Validator<F> {
    /// Compiles a schema within `limits`. The compiler retrieves nothing: references lead within the schema or to
    /// `rules.resources`.
    ///
    /// # Errors
    /// The first problem, or the exceeded resource.
    pub fn build(schema: &Value, rules: &Rules, limits: &Limits) -> Result<Self, Refusal> {
        let dialect = schema.get("$schema").and_then(Value::as_str).map(|uri| uri.trim_end_matches('#'));
        if draft(schema) == Draft::Unknown && !rules.resources.iter().any(|(uri, _)| Some(uri.as_str()) == dialect) {
            return Err(unknown_dialect().into());
        }
        let mut given = rules.resources.iter().map(|(_, resource)| resource).chain([schema]);
        given.try_for_each(|schema| check_texts(schema, limits))?;
        check_identifiers(schema)?;
        let schema = &*respelled(schema);
        let others: Vec<_> =
            rules.resources.iter().map(|(uri, resource)| (uri.as_str(), respelled(resource))).collect();
        let resources = || others.iter().map(|(_, resource)| &**resource);
        let patterns = check_patterns(resources().chain([schema]), rules.patterns, limits)?;
        let draft = Draft::default().detect(schema);
        let registry = Registry::new()
            .extend(others.iter().map(|(uri, resource)| (*uri, &**resource)))
            .and_then(RegistryBuilder::prepare)
            .map_err(|error| Problem { location: String::new(), message: error.to_string() })?;
        let own = draft.create_resource_ref(schema);
        let work = check_work(schema, draft, rules.base.or(own.id()).unwrap_or(BASE), &registry, &patterns, limits)?;
        let outline = Outline::of(resources().chain([schema]), &patterns, work);
        check_lost(work, outline.footprint())?;
        let mut options = formats::bounded(jsonschema::options_for().offline().with_registry(&registry));
        let backtracking = Backtracking::of(patterns.backtracking());
        options = if backtracking.is_empty() {
            options.with_pattern_options(PatternOptions::regex().dfa_size_limit(CACHE))
        } else {
            options.with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(LIMIT).dfa_size_limit(CACHE))
        };
        options = match rules.formats {
            Formats::Asserted => formats::of_later_drafts(options).should_validate_formats(true),
            Formats::Annotations => options.should_validate_formats(false),
            Formats::AsDrafted => options,
        };
        if let Some(base) = rules.base {
            options = options.with_base_uri(base);
        }
        let compiled = caught(|| options.build(schema)).ok_or_else(uncompilable)?;
        Ok(Self {
            compiled: compiled.map_err(|error| problem(schema, &registry, &error))?,
            backtracking,
            outline,
            base: own_uri(schema, rules.base),
        })
    }

    /// Whether the document is valid.
    ///
    /// # Errors
    /// The validation met a bound first.
    pub fn is_valid(&self, document: &F::Input, bounds: &Bounds) -> Result<bool, Exceeded> {
        within(bounds, self.outline.load, || {
            let is_valid = self.compiled.is_valid(F::root(document));
            if !is_valid {
                self.check_matches(document);
            }
            is_valid
        })
    }

    /// The violations in the document: their number, and the first `limit` of them. That of a union is followed by those of the
    /// branch that the document was meant for.
    ///
    /// The validator collects all violations, which for some schemas takes a time exponential in the document's depth:
    /// bound the steps, for example by [`Bounds::LISTING`].
    ///
    /// # Errors
    /// The validation met a bound first.
    pub fn violations(
        &self,
        document: &F::Input,
        bounds: &Bounds,
        limit: usize,
        shown: Shown,
    ) -> Result<Violations, Exceeded> {
        within(bounds, self.outline.load, || {
            self.check_matches(document);
            let errors: Vec<_> = self.compiled.iter_errors(F::root(document)).collect();
            let mut violations = Violations { total: 0, first: Vec::new() };
            union::explained(&errors, &mut |error| {
                violations.total += 1;
                if violations.first.len() < limit {
                    violations.first.push(self.violation(document, error, shown));
                }
            });
            violations
        })
    }

    /// The sentences of the violations, without those of the branches of unions.
    ///
    /// # Errors
    /// The validation met a bound first.
    pub fn messages(&self, document: &F::Input, bounds: &Bounds) -> Result<Vec<String>, Exceeded> {
        within(bounds, self.outline.load, || {
            self.check_matches(document);
            self.compiled.iter_errors(F::root(document)).map(|error| message::of(&error, Shown::Values)).collect()
        })
    }

    /// Stops if a match has met its limit, because then nobody can say what is wrong.
    fn check_matches(&self, document: &F::Input) {
        if !self.backtracking.is_empty() {
            self.backtracking.check(&F::root(document));
        }
    }

    /// The approximate memory of the validator in bytes.
    pub fn footprint(&self) -> usize {
        self.outline.footprint()
    }

    fn violation(&self, document: &F::Input, error: &ValidationError<'_>, shown: Shown) -> Violation {
        let pointer = error.instance_path().as_str();
        Violation {
            instance_location: match shown {
                Shown::Values => pointer.to_owned(),
                Shown::Masked => mask::pointer(F::root(document), pointer, &self.outline.names),
            },
            keyword_location: self.keyword_location(error),
            keyword: error.kind().keyword().to_owned(),
            message: message::of(error, shown),
        }
    }

    fn keyword_location(&self, error: &ValidationError<'_>) -> String {
        let uri = error.absolute_keyword_location().map(|uri| uri.as_str());
        let elsewhere = uri.filter(|uri| uri.split('#').next() != self.base.as_deref());
        elsewhere.unwrap_or(error.schema_path().as_str()).to_owned()
    }
}

/// The `$id` of a schema, resolved against `base`.
fn own_uri(schema: &Value, base: Option<&str>) -> Option<String> {
    let base = base.and_then(|base| referencing::uri::from_str(base).ok());
    let resource = Draft::default().detect(schema).create_resource_ref(schema);
    let own = match (&base, resource.id()) {
        (Some(base), Some(id)) => referencing::uri::resolve_against(&base.borrow(), id).ok(),
        (None, Some(id)) => referencing::uri::from_str(id).ok(),
        (_, None) => base,
    };
    own.map(|uri| uri.as_str().split('#').next().unwrap_or_default().to_owned())
}
