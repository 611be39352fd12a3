//! The hashes and roots that others have published.

mod support;

use support::{CT_LEAVES, hash, hex};
use veritable_log::tree::{EMPTY_ROOT, leaf_hash, node_hash, root};

#[test]
fn hashes_are_those_of_rfc_6962() {
    assert_eq!(EMPTY_ROOT, hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_eq!(EMPTY_ROOT.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    let leaves = [
        (&b""[..], "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (b"L123456", "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"),
        (&hex("101112131415161718191a1b1c1d1e1f"), "3bfb960453ebaebf33727da7a1f4db38acc051d381b6da20d6d4e88f0eabfd7a"),
    ];
    for (entry, expected) in leaves {
        assert_eq!(leaf_hash(entry), hash(expected));
    }
    assert_eq!(leaf_hash(b"data").to_string(), "DTrtAjFI/9KiWfvQzcf7PPl1ZYdg03dbgq9vkKrMLfw=");
    let bytes: Vec<u8> = (0..64).collect();
    let (left, right) = bytes.split_at(32);
    let both = [left, right].map(|bytes| veritable_log::tree::NodeHash::from_bytes(bytes).unwrap());
    let expected = hash("1a378704c17da31e2d05b6d121c2bb2c7d76f6ee6fa8f983e596c2d034963c57");
    assert_eq!(node_hash(&both[0], &both[1]), expected);
    // A leaf is not a node, whatever is in it, and the sides differ.
    assert_ne!(leaf_hash(&bytes), expected);
    assert_ne!(node_hash(&both[1], &both[0]), expected);
    assert_ne!(leaf_hash(b"Hello"), leaf_hash(b"World"));
}

#[test]
fn the_tree_of_certificate_transparency_has_its_published_roots() {
    let leaves: Vec<_> = CT_LEAVES.iter().map(|leaf| leaf_hash(&hex(leaf))).collect();
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (size, expected) in roots.iter().enumerate() {
        assert_eq!(root(&leaves[..size]), hash(expected), "size {size}");
    }
}
