//! Links between the documents.

use std::fs;
use std::path::{Path, PathBuf};

use crate::pages;

/// The name by which a link finds a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The lines of a document that are not code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

fn documents() -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = pages();
    for folder in [top, &top.join("docs/design")] {
        let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
        documents.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    documents
}

#[test]
fn the_readme_names_every_page() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(top.join("README.md")).expect("README.md");
    for page in &pages()[1..] {
        let name = page.strip_prefix(top).expect("a page of this repository").display().to_string();
        assert!(readme.contains(&format!("({name})")), "README.md does not name {name}");
    }
}

#[test]
fn links_lead_to_what_exists() {
    let mut followed = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document");
        for line in prose(&text) {
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if link.contains("://") {
                    continue;
                }
                let (path, heading) = link.split_once('#').unwrap_or((link, ""));
                let target = document.parent().expect("a folder").join(path);
                let target = if path.is_empty() { &document } else { &target };
                assert!(target.exists(), "{}: no {link}", document.display());
                if !heading.is_empty() {
                    let text = fs::read_to_string(target).expect("a document");
                    let is_there = prose(&text).any(|line| line.starts_with('#') && anchor(line) == heading);
                    assert!(is_there, "{}: no heading for {link}", document.display());
                }
                followed += 1;
            }
        }
    }
    assert!(followed > 50, "the documents have links: {followed}");
}
