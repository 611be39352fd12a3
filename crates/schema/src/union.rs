//! The branch of a failed `oneOf` or `anyOf` that a document was meant for.
//!
//! That no branch accepts a document says little: each may refuse it for another reason. If documents name their branch by a
//! property with `const` or `enum`, the branch that the document names is meant; else the branch whose errors are the fewest
//! and the deepest. If two branches are equally near, neither is shown: it would be a guess.

use std::cmp::Reverse;
use std::collections::HashSet;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

type Errors = [ValidationError<'static>];

/// How far a branch is from accepting a document: less is nearer.
type Distance = (bool, usize, Reverse<usize>);

/// The errors, each followed by those of the branch that was meant, if it is a union's. In the order of the document's list.
pub(crate) fn explained<'e>(errors: &'e [ValidationError<'e>], each: &mut dyn FnMut(&'e ValidationError<'e>)) {
    // A list instead of recursion: unions may stand in unions, as deep as a document.
    let mut pending: Vec<&'e ValidationError<'e>> = errors.iter().rev().collect();
    while let Some(error) = pending.pop() {
        each(error);
        pending.extend(meant(error).unwrap_or_default().iter().rev());
    }
}

/// The errors of the branch that was meant.
fn meant<'e>(error: &'e ValidationError<'_>) -> Option<&'e Errors> {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else { return None };
    let here = error.instance_path().as_str();
    let named: HashSet<_> = context.iter().flatten().filter_map(|error| discriminator(error, here)).collect();
    let is_named = |branch: &&Vec<ValidationError<'static>>| {
        !branch.iter().any(|error| discriminator(error, here).is_some_and(|name| named.contains(name)))
            && !branch.iter().any(|error| is_of_another_type(error, here))
    };
    if !named.is_empty() {
        let mut branches = context.iter().filter(is_named);
        if let (Some(branch), None) = (branches.next(), branches.next()) {
            return Some(branch);
        }
    }
    nearest(context.iter(), here)
}

/// The branch nearest to the document, unless another is as near.
fn nearest<'e>(branches: impl Iterator<Item = &'e Vec<ValidationError<'static>>>, here: &str) -> Option<&'e Errors> {
    let mut nearest: Option<(Distance, &Errors)> = None;
    let mut is_shared = false;
    for branch in branches {
        let distance = distance(branch, here);
        match &nearest {
            Some((best, _)) if *best < distance => {}
            Some((best, _)) if *best == distance => is_shared = true,
            _ => (nearest, is_shared) = (Some((distance, branch.as_slice())), false),
        }
    }
    nearest.filter(|_| !is_shared).map(|(_, branch)| branch)
}

fn distance(branch: &Errors, here: &str) -> Distance {
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str()[here.len()..].matches('/').count();
    let deepest = branch.iter().map(depth).max().unwrap_or(0);
    (branch.iter().any(|error| is_of_another_type(error, here)), branch.len(), Reverse(deepest))
}

fn is_of_another_type(error: &ValidationError<'_>, here: &str) -> bool {
    matches!(error.kind(), Kind::Type { .. }) && error.instance_path().as_str() == here
}

/// The property of the document at `here` that has another value than the branch demands.
fn discriminator<'e>(error: &'e ValidationError<'_>, here: &str) -> Option<&'e str> {
    if !matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. }) {
        return None;
    }
    let name = error.instance_path().as_str().strip_prefix(here)?.strip_prefix('/')?;
    (!name.contains('/')).then_some(name)
}
