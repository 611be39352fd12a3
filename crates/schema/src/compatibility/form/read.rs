//! From the keywords of a schema to conditions.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use referencing::Draft;
use serde_json::{Map, Value};

use super::Condition::{
    Above, All, Any, AtLeast, AtMost, Below, ContainsMax, ContainsMin, Content, Format, If, Items, ItemsMax, ItemsMin,
    LengthMax, LengthMin, Members, MembersMax, MembersMin, MultipleOf, Names, Not, One, Pattern, Required,
    RequiredWith, Unevaluated, Unique, With,
};
use super::documents::{Documents, Here, meta_schema};
use super::{Condition, FALSE, Id, Kinds, LONGEST, Node, TRUE, Values, unevaluated};
use crate::Formats;
use crate::bounds::charge;
use crate::compatibility::Version;
use crate::compatibility::number::{Decimal, plain};
use crate::keywords::{self, Holds, holds};
use crate::walk::{draft, schemas};

pub(super) struct Reader {
    formats: Formats,
    values: HashMap<Rc<Vec<String>>, Values>,
    pub(super) nodes: Vec<Node>,
}

impl Reader {
    pub(super) fn new(formats: Formats) -> Self {
        let node = |kinds| Node { kinds, conditions: Vec::new(), place: String::new() };
        Self { formats, values: HashMap::new(), nodes: vec![node(Kinds::ALL), node(Kinds::NONE)] }
    }

    /// Reads a version, and returns the node of its schema.
    pub(super) fn version(&mut self, version: &Version) -> Result<Id, String> {
        if let Value::Bool(all) = version.schema {
            return Ok(if *all { TRUE } else { FALSE });
        }
        let own = draft(version.schema);
        let all = vec![(None, schemas(version.schema))];
        let mut documents = Documents { all, unevaluated: false, ids: HashMap::new() };
        for (uri, resource) in version.resources {
            // Which draft the validator takes for a schema that does not say it depends on the schema around it.
            if resource.get("$schema").is_none() && resource.is_object() && own != Draft::default() {
                return Err(format!("{uri} does not say its draft"));
            }
            documents.all.push((Some(uri), schemas(resource)));
        }
        if documents.refer_to(own) {
            documents.all.extend(meta_schema(own).map(|(uri, meta)| (Some(uri), schemas(meta))));
        }
        documents.unevaluated = documents.all.iter().any(|(_, schemas)| unevaluated::is_in(schemas));
        let first = self.nodes.len();
        for (document, (uri, schemas)) in documents.all.iter().enumerate() {
            if document == 0 && schemas.draft != own || matches!(schemas.draft, Draft::Unknown) {
                return Err("a schema is in an unknown draft".to_owned());
            }
            if schemas.twice.is_some() || schemas.is_base_unclear() {
                return Err("an identifier is where the validator may not look for one".to_owned());
            }
            for schema in &schemas.all {
                charge(1);
                documents.ids.insert(std::ptr::from_ref(schema.members), self.nodes.len());
                let place = uri.map_or_else(String::new, |uri| format!("{uri}#")) + &schemas.location(schema);
                self.nodes.push(Node { kinds: Kinds::ALL, conditions: Vec::new(), place });
            }
        }
        let mut id = first;
        for (_, schemas) in &documents.all {
            for (position, schema) in schemas.all.iter().enumerate() {
                if position > 0 && schema.members.contains_key("$schema") && draft_of(schema.members) != schemas.draft {
                    return Err(format!("{} is in another draft", schemas.location(schema)));
                }
                let here = Here { documents: &documents, schemas, schema, draft: schemas.draft };
                let (kinds, conditions) = self.read(&here)?;
                self.nodes[id].kinds = kinds;
                self.nodes[id].conditions = conditions;
                id += 1;
            }
        }
        Ok(first)
    }

    fn read(&mut self, here: &Here) -> Result<(Kinds, Vec<Condition>), String> {
        let (members, draft) = (here.schema.members, here.draft);
        let mut kinds = Kinds::ALL;
        let mut all = Vec::new();
        if here.documents.unevaluated
            && let Some(keyword) = unevaluated::misread(draft, members)
        {
            return Err(format!("{} is beside unevaluated members", here.place(keyword)));
        }
        if draft <= Draft::Draft7 && members.contains_key("$ref") {
            // Up to draft 7 nothing beside `$ref` has an effect.
            let target = members.get("$ref").and_then(Value::as_str).ok_or("$ref is no text")?;
            return Ok((kinds, vec![All(here.target(target)?)]));
        }
        for (keyword, value) in members {
            charge(2);
            let Some(held) = holds(draft, keyword) else { continue };
            let unknown = || format!("{} has a form that is not compared", here.place(keyword));
            let id = || here.id(value).ok_or_else(unknown);
            let ids = || {
                let all = value.as_array().ok_or_else(unknown)?;
                all.iter().map(|value| here.id(value).ok_or_else(unknown)).collect::<Result<Vec<_>, _>>()
            };
            let count = || count(value).ok_or_else(unknown);
            let number = || value.as_number().and_then(Decimal::of).ok_or_else(unknown);
            let exclusive = |keyword: &str| draft == Draft::Draft4 && members.get(keyword) == Some(&Value::Bool(true));
            match keyword.as_str() {
                "$ref" | "$dynamicRef" | "$recursiveRef" => {
                    all.push(All(here.referenced(keyword, value.as_str().ok_or_else(unknown)?)?));
                }
                "type" => kinds = kinds & self::kinds(value, draft).ok_or_else(unknown)?,
                "enum" => all.push(self.values(value.as_array().ok_or_else(unknown)?).ok_or_else(unknown)?),
                "const" => all.push(self.values(std::slice::from_ref(value)).ok_or_else(unknown)?),
                "minimum" if exclusive("exclusiveMinimum") => all.push(Above(number()?)),
                "maximum" if exclusive("exclusiveMaximum") => all.push(Below(number()?)),
                "exclusiveMinimum" | "exclusiveMaximum" if draft == Draft::Draft4 => {}
                "minimum" => all.push(AtLeast(number()?)),
                "maximum" => all.push(AtMost(number()?)),
                "exclusiveMinimum" => all.push(Above(number()?)),
                "exclusiveMaximum" => all.push(Below(number()?)),
                "multipleOf" => all.push(MultipleOf(number()?)),
                "minLength" => all.push(LengthMin(count()?)),
                "maxLength" => all.extend(Some(count()?).filter(|length| *length < LONGEST).map(LengthMax)),
                "minItems" => all.push(ItemsMin(count()?)),
                "maxItems" => all.push(ItemsMax(count()?)),
                "minProperties" => all.push(MembersMin(count()?)),
                "maxProperties" => all.push(MembersMax(count()?)),
                "uniqueItems" => all.extend((value == &Value::Bool(true)).then_some(Unique)),
                "pattern" => all.push(Pattern(value.as_str().ok_or_else(unknown)?.to_owned())),
                "format" => all.extend(self.format(here, value.as_str().ok_or_else(unknown)?)),
                "required" => {
                    let names = value.as_array().ok_or_else(unknown)?.iter().filter_map(Value::as_str);
                    all.extend(names.map(|name| Required(name.to_owned())));
                }
                "allOf" => all.extend(ids()?.into_iter().map(All)),
                "anyOf" => all.push(Any(ids()?)),
                "oneOf" => all.push(One(ids()?)),
                "not" => all.push(Not(id()?)),
                "if" => {
                    let branch = |keyword| members.get(keyword).map_or(Some(TRUE), |value| here.id(value));
                    let (then, otherwise) = (branch("then"), branch("else"));
                    all.push(If(id()?, then.ok_or_else(unknown)?, otherwise.ok_or_else(unknown)?));
                }
                "propertyNames" => all.push(Names(id()?)),
                "contains" => {
                    let of = |keyword: &str| members.get(keyword).filter(|_| holds(draft, keyword).is_some());
                    let least = of("minContains").map_or(Some(1), self::count).ok_or_else(unknown)?;
                    all.push(ContainsMin(id()?, least));
                    if let Some(most) = of("maxContains") {
                        all.push(ContainsMax(id()?, self::count(most).ok_or_else(unknown)?));
                    }
                }
                "dependencies" | "dependentRequired" | "dependentSchemas" => {
                    for (name, value) in value.as_object().ok_or_else(unknown)? {
                        match value {
                            Value::Array(names) => {
                                let names = names.iter().filter_map(Value::as_str);
                                all.extend(names.map(|with| RequiredWith(name.clone(), with.to_owned())));
                            }
                            value => all.push(With(name.clone(), here.id(value).ok_or_else(unknown)?)),
                        }
                    }
                }
                _ if matches!(held, Holds::Anything | Holds::Identifier | Holds::Dialect) => {}
                _ => {}
            }
        }
        all.extend(here.members()?);
        all.extend(here.items()?);
        all.extend(here.content());
        self.unevaluated(here, kinds, &mut all)?;
        Ok((kinds, all))
    }

    fn format(&self, here: &Here, format: &str) -> Option<Condition> {
        let checked = match self.formats {
            Formats::Annotations => false,
            // What is checked depends on the draft of the schema at the root.
            Formats::AsDrafted => return Some(Format(format!("{format} of {}", keywords::name(here.draft)), false)),
            Formats::Asserted => keywords::formats(here.draft).any(|name| name == format),
        };
        checked.then(|| Format(format.to_owned(), format == "hostname" && here.draft <= Draft::Draft6))
    }

    /// The condition of an enumeration; `None` where a number is beyond any range.
    fn values(&mut self, all: &[Value]) -> Option<Condition> {
        fn is_known(value: &Value) -> bool {
            match value {
                Value::Number(number) => Decimal::of(number).is_some(),
                Value::Array(items) => items.iter().all(is_known),
                Value::Object(members) => members.values().all(is_known),
                _ => true,
            }
        }
        charge(4 * all.len() as u64);
        if !all.iter().all(is_known) {
            return None;
        }
        let kinds = all.iter().fold(Kinds::NONE, |kinds, value| kinds | Kinds::of(value));
        let mut all: Vec<(String, Value)> = all.iter().map(plain).map(|value| (value.to_string(), value)).collect();
        all.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        all.dedup_by(|(left, _), (right, _)| left == right);
        let (texts, all): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let (texts, all) = (Rc::new(texts), Rc::new(all));
        let number = self.values.len();
        let values = self.values.entry(Rc::clone(&texts)).or_insert(Values { number, kinds, texts, all });
        Some(Condition::Values(values.clone()))
    }

    /// Adds the two conditions that depend on the others.
    fn unevaluated(&mut self, here: &Here, kinds: Kinds, all: &mut Vec<Condition>) -> Result<(), String> {
        let mut found = Vec::new();
        for (keyword, members) in unevaluated::KEYWORDS {
            let value = here.schema.members.get(keyword).filter(|_| holds(here.draft, keyword).is_some());
            if let Some(value) = value {
                let inner = here.id(value).ok_or_else(|| format!("{} is no schema", here.place(keyword)))?;
                found.push((members, inner));
            }
        }
        if !found.is_empty() {
            let beside = self.nodes.len();
            self.nodes.push(Node { kinds, conditions: all.clone(), place: here.schemas.location(here.schema) });
            let draft = keywords::name(here.draft);
            all.extend(found.into_iter().map(|(members, inner)| Unevaluated { members, inner, beside, draft }));
        }
        Ok(())
    }
}

impl Here<'_, '_> {
    fn members(&self) -> Result<Option<Condition>, String> {
        let members = self.schema.members;
        let of = |keyword: &str| {
            let held = members.get(keyword).and_then(Value::as_object).into_iter().flatten();
            let held = held.map(|(name, value)| Some((name.clone(), self.id(value)?)));
            held.collect::<Option<BTreeMap<_, _>>>().ok_or_else(|| format!("{} holds no schemas", self.place(keyword)))
        };
        let (named, patterns) = (of("properties")?, of("patternProperties")?);
        let rest = members.get("additionalProperties").map(|value| self.id(value));
        if rest == Some(None) {
            return Err(format!("{} is no schema", self.place("additionalProperties")));
        }
        let rest = rest.flatten();
        let none = named.is_empty() && patterns.is_empty() && rest.is_none();
        Ok((!none).then_some(Members { named, patterns, rest }))
    }

    fn items(&self) -> Result<Option<Condition>, String> {
        let (members, latest) = (self.schema.members, self.draft == Draft::Draft202012);
        let schema = |keyword: &str| match members.get(keyword) {
            None => Ok(None),
            Some(value) => self.id(value).map(Some).ok_or_else(|| format!("{} is no schema", self.place(keyword))),
        };
        let list = if latest { "prefixItems" } else { "items" };
        let Some(Value::Array(first)) = members.get(list) else {
            return Ok(schema("items")?.map(|rest| Items { first: Vec::new(), rest: Some(rest) }));
        };
        let first: Option<Vec<Id>> = first.iter().map(|value| self.id(value)).collect();
        let first = first.ok_or_else(|| format!("{} holds no schemas", self.place(list)))?;
        let rest = schema(if latest { "items" } else { "additionalItems" })?;
        Ok(Some(Items { first, rest }))
    }

    /// The content of a string, which drafts 6 and 7 check.
    fn content(&self) -> Option<Condition> {
        let of = |keyword: &str| self.schema.members.get(keyword).and_then(Value::as_str).map(str::to_owned);
        let (encoding, media_type) = (of("contentEncoding"), of("contentMediaType"));
        let checked = matches!(self.draft, Draft::Draft6 | Draft::Draft7);
        (checked && (encoding.is_some() || media_type.is_some())).then_some(Content(encoding, media_type))
    }
}

fn draft_of(members: &Map<String, Value>) -> Draft {
    let Some(dialect) = members.get("$schema") else { return Draft::default() };
    draft(&serde_json::json!({ "$schema": dialect }))
}

fn kinds(value: &Value, draft: Draft) -> Option<Kinds> {
    let of = |name: &Value| {
        Some(match name.as_str()? {
            "null" => Kinds::NULL,
            "boolean" => Kinds::BOOLEAN,
            "integer" if draft == Draft::Draft4 => Kinds::INTEGER,
            "integer" => Kinds::INTEGERS,
            "number" => Kinds::NUMBERS,
            "string" => Kinds::STRING,
            "array" => Kinds::ARRAY,
            "object" => Kinds::OBJECT,
            _ => return None,
        })
    };
    match value {
        Value::Array(names) => names.iter().try_fold(Kinds::NONE, |kinds, name| Some(kinds | of(name)?)),
        name => of(name),
    }
}

/// A count, if it is a usual one.
fn count(value: &Value) -> Option<u64> {
    let count = Decimal::of(value.as_number()?)?.small()?;
    u64::try_from(count).ok().filter(|count| *count < 1 << 53)
}
