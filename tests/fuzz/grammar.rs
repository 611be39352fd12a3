//! Random text by a grammar: names that stand for alternatives, which hold other names in angle brackets.

use std::collections::HashMap;

use crate::support::random::Random;

/// What each name stands for, with how often.
pub struct Grammar(HashMap<&'static str, Vec<(u32, &'static str)>>);

impl Grammar {
    /// Reads names at the beginning of a line, with their alternatives indented below.
    pub fn new(texts: &[&'static str]) -> Grammar {
        let mut alternatives: HashMap<&str, Vec<(u32, &str)>> = HashMap::new();
        let mut name = "";
        for line in texts.iter().flat_map(|text| text.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(alternative) = line.strip_prefix("    ") else {
                name = line;
                continue;
            };
            let weighted = alternative.split_once(": ").and_then(|(weight, text)| Some((weight.parse().ok()?, text)));
            alternatives.entry(name).or_default().push(weighted.unwrap_or((1, alternative)));
        }
        Grammar(alternatives)
    }

    /// Replaces all names in a text. Those that the grammar does not know are asked of `other`; where it does not know one
    /// either, it is plain text.
    pub fn expand(
        &self,
        text: &str,
        random: &mut Random,
        other: &mut dyn FnMut(&str, &mut Random) -> Option<String>,
    ) -> String {
        self.expand_within(text, random, other, 0)
    }

    fn expand_within(
        &self,
        text: &str,
        random: &mut Random,
        other: &mut dyn FnMut(&str, &mut Random) -> Option<String>,
        depth: u32,
    ) -> String {
        let (mut answer, mut rest) = (String::new(), text);
        while let Some(start) = rest.find('<') {
            answer += &rest[..start];
            rest = &rest[start + 1..];
            let length = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(rest.len());
            let name = &rest[..length];
            if length == 0 || !rest[length..].starts_with('>') {
                answer.push('<');
                continue;
            }
            rest = &rest[length + 1..];
            if let Some(choices) = self.0.get(name) {
                // Where sentences nest too deeply, the first alternative, which is always a short one.
                let chosen = if depth > 12 { choices[0].1 } else { choose(choices, random) };
                answer += &self.expand_within(chosen, random, other, depth + 1);
            } else if let Some(text) = other(name, random) {
                // What it gives may have names again, as the arguments of a function do.
                answer += &self.expand_within(&text, random, other, depth + 1);
            } else {
                answer += &format!("<{name}>");
            }
        }
        answer + rest
    }
}

fn choose(choices: &[(u32, &'static str)], random: &mut Random) -> &'static str {
    let mut place = random.below(choices.iter().map(|(weight, _)| weight).sum());
    for (weight, text) in choices {
        if place < *weight {
            return text;
        }
        place -= weight;
    }
    unreachable!("the place is below the sum of the weights")
}
