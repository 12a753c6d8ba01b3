//! SHA-256 as 64 lower-case hexadecimal digits: what names the content of models and of runs.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// A hash that grows.
#[derive(Default)]
pub struct Hash(Sha256);

impl Hash {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes))
    }

    /// Adds bytes: the hash of all of them in one piece.
    pub fn append(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds bytes, and how many there are: parts that are cut elsewhere give another hash.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The hash of all that was added, 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_hash_of_the_standard_and_knows_where_parts_end() {
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hash::of(b"abc"), known);
        let of = |parts: [&[u8]; 2]| {
            let mut hash = Hash::default();
            parts.iter().for_each(|part| hash.add(part));
            hash.finish()
        };
        assert_ne!(of([b"ab", b"c"]), of([b"a", b"bc"]));
    }
}
