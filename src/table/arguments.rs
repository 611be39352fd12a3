//! The arguments of a trigger, which hold its configuration: `key=value`, where a key may repeat.
//!
//! The configuration is in triggers, because PostgreSQL clones, dumps and caches triggers with their tables.

use crate::pg::report::{Class, Error, Result};

/// The parsed arguments of a trigger.
pub struct Arguments<'a> {
    /// The trigger's feature, as named in messages.
    feature: &'static str,
    /// The known keys.
    keys: &'static [&'static str],
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Arguments<'a> {
    /// Parses the arguments; other keys than `keys` are errors.
    pub fn parse(
        feature: &'static str,
        keys: &'static [&'static str],
        arguments: &'a [String],
    ) -> Result<Arguments<'a>> {
        let mut parsed = Arguments { feature, keys, pairs: Vec::with_capacity(arguments.len()) };
        for argument in arguments {
            match argument.split_once('=') {
                Some((key, value)) if keys.contains(&key) && !value.is_empty() => parsed.pairs.push((key, value)),
                _ => return Err(parsed.refused(format!("unrecognized {feature} trigger argument \"{argument}\""))),
            }
        }
        Ok(parsed)
    }

    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<String> {
        self.pairs.iter().filter(|(k, _)| *k == key).map(|(_, value)| value.to_string()).collect()
    }

    /// The value of a key that occurs at most once.
    pub fn optional(&self, key: &str) -> Result<Option<String>> {
        let mut values = self.all(key);
        if values.len() > 1 {
            return Err(self.refused(format!("{} trigger argument \"{key}\" is given more than once", self.feature)));
        }
        Ok(values.pop())
    }

    /// The value of a key that occurs exactly once.
    pub fn required(&self, key: &str) -> Result<String> {
        self.optional(key)?
            .ok_or_else(|| self.refused(format!("{} trigger argument \"{key}\" is missing", self.feature)))
    }

    fn refused(&self, message: String) -> Error {
        Error::new(Class::Argument, message)
            .hint(format!("The arguments are key=value, with the keys {}.", self.keys.join(", ")))
    }
}
