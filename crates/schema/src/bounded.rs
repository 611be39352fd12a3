//! A representation that charges its reads: one step for a read, and more for a longer read.
//!
//! The validator reads a document only through the traits of `jsonschema::json`, so this bounds the validator's whole work:
//! the work after a step takes a time that depends on the schema alone. The validator would process a whole subtree at once
//! for `const`, `enum`, `uniqueItems` and the values in its messages; this module does that work instead, in steps.

use std::borrow::Cow;
use std::marker::PhantomData;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object};
use jsonschema_value::LazyInstance;
use jsonschema_value::numeric::bignum::exceeds_digit_budget;

use crate::Value;
use crate::bounds::{charge, charge_deeper, charge_error, charge_name, charge_number, charge_text};
use crate::document::{Digits, written_digits};
use crate::{preview, unique};

/// The representation `J` within bounds.
pub struct Bounded<J>(PhantomData<fn() -> J>);

/// A node and the path to it: an error about the node copies the path.
pub struct BoundedNode<'a, J: Json> {
    pub(crate) inner: J::Node<'a>,
    way: Way,
}

/// The length of the path to a node: its steps, and the bytes of the names on it.
#[derive(Clone, Copy, Default)]
struct Way {
    depth: u32,
    names: u32,
}

impl Way {
    fn item(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn property(self, name: usize) -> Self {
        let names = self.names.saturating_add(u32::try_from(name).unwrap_or(u32::MAX));
        Self { depth: self.depth + 1, names }
    }
}

type ObjectOf<'a, J> = <<J as Json>::Node<'a> as Node<'a, J>>::Object;
type ArrayOf<'a, J> = <<J as Json>::Node<'a> as Node<'a, J>>::Array;
type NameOf<'a, J> = <ObjectOf<'a, J> as Object<'a, J>>::MemberName;

pub struct BoundedObject<'a, J: Json> {
    inner: ObjectOf<'a, J>,
    way: Way,
}

pub struct BoundedArray<'a, J: Json> {
    inner: ArrayOf<'a, J>,
    way: Way,
}

pub struct BoundedMembers<'a, J: Json> {
    inner: <ObjectOf<'a, J> as Object<'a, J>>::MembersIter,
    way: Way,
}

pub struct BoundedElements<'a, J: Json> {
    inner: <ArrayOf<'a, J> as Array<'a, J>>::ElementsIter,
    way: Way,
}

/// A number that the validator cannot take for another one.
pub struct BoundedNumber<N>(N);

/// A property name to look up, and its length.
pub struct Key<K> {
    inner: K,
    length: usize,
}

impl<'a, J: Json> BoundedNode<'a, J> {
    pub(crate) fn root(inner: J::Node<'a>) -> Self {
        Self { inner, way: Way::default() }
    }
}

impl<J: Json> Clone for BoundedNode<'_, J> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), way: self.way }
    }
}

impl<J: Digits> Json for Bounded<J> {
    type Node<'a> = BoundedNode<'a, J>;
    type PreparedKey = Key<J::PreparedKey>;
    type StringBuffer = J::StringBuffer;
    const KEYS_PER_LOOKUP: usize = J::KEYS_PER_LOOKUP;

    fn prepare_key(key: &str) -> Self::PreparedKey {
        Key { inner: J::prepare_key(key), length: key.len() }
    }

    fn with_string_node<T>(buffer: &mut J::StringBuffer, text: &str, f: impl FnOnce(BoundedNode<'_, J>) -> T) -> T {
        J::with_string_node(buffer, text, |node| f(BoundedNode::root(node)))
    }
}

impl<'a, J: Digits> Node<'a, Bounded<J>> for BoundedNode<'a, J> {
    type Object = BoundedObject<'a, J>;
    type Array = BoundedArray<'a, J>;
    type Number = BoundedNumber<<J::Node<'a> as Node<'a, J>>::Number>;

    #[inline]
    fn as_object(&self) -> Option<Self::Object> {
        charge_deeper();
        self.inner.as_object().map(|inner| BoundedObject { inner, way: self.way })
    }

    #[inline]
    fn as_array(&self) -> Option<Self::Array> {
        charge_deeper();
        self.inner.as_array().map(|inner| BoundedArray { inner, way: self.way })
    }

    // A caller that asks for a string reads all of it, for example to match a pattern.
    #[inline]
    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.inner.as_string();
        charge_text(text.as_deref().unwrap_or_default());
        text
    }

    #[inline]
    fn as_number(&self) -> Option<Self::Number> {
        let number = self.inner.as_number();
        charge(1);
        if number.is_some() {
            charge_number(J::digits(&self.inner));
        }
        number.map(BoundedNumber)
    }

    #[inline]
    fn as_boolean(&self) -> Option<bool> {
        charge(1);
        self.inner.as_boolean()
    }

    #[inline]
    fn is_null(&self) -> bool {
        self.inner.is_null()
    }

    #[inline]
    fn is_number(&self) -> bool {
        self.inner.is_number()
    }

    #[inline]
    fn is_string(&self) -> bool {
        self.inner.is_string()
    }

    #[inline]
    fn json_type(&self) -> JsonType {
        charge(1);
        self.inner.json_type()
    }

    #[inline]
    fn string_length(&self) -> Option<u64> {
        let length = self.inner.string_length();
        charge(1 + length.unwrap_or(0) / 32);
        length
    }

    // As deep as `expected`, which is part of a schema.
    fn equals_value(&self, expected: &Value) -> bool {
        match expected {
            Value::Null => self.is_null(),
            Value::Bool(expected) => self.as_boolean() == Some(*expected),
            Value::String(expected) => self.as_string().is_some_and(|text| text == expected.as_str()),
            Value::Number(number) => {
                charge_number(written_digits(number.as_str()));
                self.as_number().is_some() && self.inner.equals_value(expected)
            }
            Value::Array(items) => self.as_array().is_some_and(|array| {
                array.len() == items.len() && array.elements().zip(items).all(|(node, item)| node.equals_value(item))
            }),
            Value::Object(map) => self.as_object().is_some_and(|object| {
                let equals = |(name, node): (NameOf<'a, J>, Self)| {
                    map.get(name.as_ref()).is_some_and(|value| node.equals_value(value))
                };
                object.len() == map.len() && object.members().all(equals)
            }),
        }
    }

    // Only messages need this.
    fn to_value(&self) -> Cow<'a, Value> {
        charge_error(self.way.depth, self.way.names);
        Cow::Owned(preview::of(self))
    }

    // Any failure becomes an error made of this.
    fn lazy_value(&self) -> LazyInstance<'a> {
        LazyInstance::Ready(self.to_value())
    }

    // References read this. A reference that leads only to references reads nothing else.
    #[inline]
    fn identity(&self) -> Option<NodeIdentity> {
        charge_deeper();
        self.inner.identity()
    }
}

impl<N: JsonNumber> JsonNumber for BoundedNumber<N> {
    #[inline]
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    #[inline]
    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    // The validator would take a number with a fraction that is rounded to a whole one for a multiple of 1. Without a
    // rounded number it computes exactly, unless the number has more digits than it computes with; those it compares
    // before it asks for a rounded number.
    fn as_f64(&self) -> Option<f64> {
        self.0
            .as_f64()
            .filter(|rounded| rounded.fract() != 0.0 || self.0.is_integer() || exceeds_digit_budget(&self.0.as_str()))
    }

    fn as_str(&self) -> Cow<'_, str> {
        self.0.as_str()
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        self.0.to_number()
    }

    fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    fn is_written_as_integer(&self) -> bool {
        self.0.is_written_as_integer()
    }
}

impl<'a, J: Digits> Object<'a, Bounded<J>> for BoundedObject<'a, J> {
    type Node = BoundedNode<'a, J>;
    type MemberName = NameOf<'a, J>;
    type MembersIter = BoundedMembers<'a, J>;

    fn len(&self) -> usize {
        self.inner.len()
    }

    #[inline]
    fn get(&self, key: &Key<J::PreparedKey>) -> Option<Self::Node> {
        charge(1);
        self.inner.get(&key.inner).map(|inner| BoundedNode { inner, way: self.way.property(key.length) })
    }

    fn members(&self) -> Self::MembersIter {
        BoundedMembers { inner: self.inner.members(), way: self.way }
    }
}

impl<'a, J: Digits> Iterator for BoundedMembers<'a, J> {
    type Item = (NameOf<'a, J>, BoundedNode<'a, J>);

    // The validator matches a name like a string.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name, inner) = self.inner.next()?;
        charge_name(name.as_ref());
        let way = self.way.property(name.as_ref().len());
        Some((name, BoundedNode { inner, way }))
    }
}

impl<'a, J: Digits> Array<'a, Bounded<J>> for BoundedArray<'a, J> {
    type Node = BoundedNode<'a, J>;
    type ElementsIter = BoundedElements<'a, J>;

    fn len(&self) -> usize {
        self.inner.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        BoundedElements { inner: self.inner.elements(), way: self.way.item() }
    }

    fn is_unique(&self) -> bool {
        if self.len() <= unique::FEW && self.elements().all(|node| unique::is_light(&node)) {
            self.inner.is_unique()
        } else {
            unique::are_unique(self.elements())
        }
    }
}

impl<'a, J: Digits> Iterator for BoundedElements<'a, J> {
    type Item = BoundedNode<'a, J>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        charge(1);
        self.inner.next().map(|inner| BoundedNode { inner, way: self.way })
    }
}
