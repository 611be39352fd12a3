//! A JSON Pointer into a document, without names that only the document contains.

use std::collections::HashSet;

use jsonschema::json::{Array, Json, Node, Object};

use crate::bounded::{Bounded, BoundedNode};
use crate::document::Digits;

/// The pointer with `*` for each property name outside of `names`. Indexes stay; only the document tells indexes from names.
pub(crate) fn pointer<J: Digits>(root: BoundedNode<'_, J>, pointer: &str, names: &HashSet<String>) -> String {
    let mut masked = String::new();
    let mut here = Some(root);
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        masked.push('/');
        let array = here.as_ref().and_then(Node::as_array);
        masked.push_str(if array.is_some() || names.contains(&name) { segment } else { "*" });
        here = match array {
            Some(array) => name.parse().ok().and_then(|index| array.elements().nth(index)),
            None => here.and_then(|node| node.as_object()?.get(&Bounded::<J>::prepare_key(&name))),
        };
    }
    masked
}
