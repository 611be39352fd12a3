//! The equality of two schemas, except for content without effect on validity.

use serde_json::{Number, Value};

use crate::walk::{Schema, references_of, schemas};

/// Annotation keywords: for people and programs, without effect on validity.
const ANNOTATIONS: [&str; 8] =
    ["$comment", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"];

/// Whether two schemas are equal without annotations, with numbers compared by value.
pub(super) fn is_same(left: &Value, right: &Value) -> bool {
    is_equal(left, right) || is_equal(&without_annotations(left), &without_annotations(right))
}

/// A schema without annotations, or unchanged if a reference leads to where no keyword declares a schema: into an annotation, or to
/// what is a value or a map of schemas elsewhere.
fn without_annotations(schema: &Value) -> Value {
    let all = schemas(schema);
    let declared = all.declared();
    let leads_out = |from: &Schema| {
        references_of(all.draft, from.members)
            .filter_map(|(_, reference)| all.target(&from.base, reference))
            .any(|target| target.as_object().is_none_or(|target| !declared.contains(&std::ptr::from_ref(target))))
    };
    let mut bare = schema.clone();
    if all.all.iter().any(leads_out) {
        return bare;
    }
    for location in all.all.iter().map(|schema| all.location(schema)) {
        if let Some(Value::Object(members)) = bare.pointer_mut(&location) {
            members.retain(|keyword, _| !ANNOTATIONS.contains(&keyword.as_str()));
        }
    }
    bare
}

fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || decimal(left).is_some_and(|left| decimal(right) == Some(left))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let equal = |(name, left): (&String, &Value)| right.get(name).is_some_and(|right| is_equal(left, right));
            left.len() == right.len() && left.iter().all(equal)
        }
        _ => left == right,
    }
}

/// A number as its sign, its digits from the first to the last that is not 0, and the exponent of the last digit.
fn decimal(number: &Number) -> Option<(bool, String, i64)> {
    let text = number.to_string();
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let significant = digits.trim_end_matches('0');
    let zeros = digits.len() - significant.len();
    let power = exponent.parse::<i64>().ok()?.checked_sub(fraction.len() as i64)?.checked_add(zeros as i64)?;
    let significant = significant.trim_start_matches('0').to_owned();
    if significant.is_empty() {
        Some((false, significant, 0))
    } else {
        Some((text.starts_with('-'), significant, power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        is_same(&serde_json::from_str(left).unwrap(), &serde_json::from_str(right).unwrap())
    }

    #[test]
    fn numbers_are_compared_by_their_value() {
        for (left, right) in [("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("0", "-0.0"), ("-1.50", "-15e-1")] {
            assert!(
                same(&format!(r#"{{"minimum": {left}}}"#), &format!(r#"{{"minimum": {right}}}"#)),
                "{left} {right}"
            );
        }
        for (left, right) in [("1", "10"), ("1", "-1"), ("0.1", "0.10000000000000000001"), ("1e400", "1e401")] {
            assert!(
                !same(&format!(r#"{{"minimum": {left}}}"#), &format!(r#"{{"minimum": {right}}}"#)),
                "{left} {right}"
            );
        }
    }

    #[test]
    fn annotations_count_only_where_a_reference_leads_to_them() {
        assert!(same(r#"{"title": "a", "items": {"default": 1}}"#, r#"{"items": {"description": "b"}}"#));
        assert!(!same(r#"{"properties": {"title": {}}}"#, r#"{"properties": {}}"#));
        assert!(!same(r#"{"const": {"title": "a"}}"#, r#"{"const": {}}"#));
        assert!(!same(
            r##"{"$ref": "#/default", "default": {"type": "string"}}"##,
            r##"{"$ref": "#/default", "default": {"type": "number"}}"##
        ));
    }
}
