//! Names that were mistyped.

const LONGEST_NAME: usize = 128;

/// The candidate that a mistyped `name` was probably meant to be.
pub(crate) fn closest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name: Vec<char> = name.to_lowercase().chars().take(LONGEST_NAME).collect();
    // a third of the letters may be wrong: fewer miss typing errors, more suggest unrelated names
    let most = (name.len() / 3).max(1);
    candidates
        .filter(|candidate| candidate.len() <= LONGEST_NAME)
        .map(|candidate| (distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance in which a transposition of neighbours counts once (optimal string alignment).
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, &a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(a != b);
            let mut least = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && a == to[column - 1] && from[row - 1] == b {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn finds_what_was_meant() {
        let names = ["mass", "log_mass", "survey", "z"];
        let closest = |name| closest(name, names.into_iter());
        assert_eq!(closest("masss"), Some("mass"));
        assert_eq!(closest("amss"), Some("mass"));
        assert_eq!(closest("surevy"), Some("survey"));
        assert_eq!(closest("LOGMASS"), Some("log_mass"));
        assert_eq!(closest("q"), None);
        assert_eq!(closest("metallicity"), None);
    }
}
