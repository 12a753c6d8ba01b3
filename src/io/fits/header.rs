//! Headers of compressed images, looked at before cfitsio does: it divides by what they say of their tiles.

use super::ffi::FitsFailure;

/// Bytes of one card.
const CARD: usize = 80;
/// Pixels of the largest tile, which cfitsio counts in 32 bits.
const MOST_PIXELS: i64 = i32::MAX as i64;

/// Whether a header ends in these cards.
pub(super) fn ends_in(cards: &[u8]) -> bool {
    holds(cards, "END")
}

fn holds(cards: &[u8], name: &str) -> bool {
    let (cards, _) = cards.as_chunks::<CARD>();
    let is_it = |card: &[u8; CARD]| self::name(card).eq_ignore_ascii_case(name.as_bytes());
    cards.iter().any(is_it)
}

/// The name of a card, as cfitsio finds it.
fn name(card: &[u8; CARD]) -> &[u8] {
    let card = card.strip_prefix(b"HIERARCH ").unwrap_or(card);
    let card = card.trim_ascii_start();
    let end = card.iter().position(|c| b" =".contains(c));
    &card[..end.unwrap_or(card.len())]
}

/// The value of a card, as text.
fn value(card: &[u8; CARD]) -> String {
    let text = String::from_utf8_lossy(card);
    let value = text.split_once('=').map_or("", |(_, value)| value);
    let (value, _) = value.split_once('/').unwrap_or((value, ""));
    value.trim().to_owned()
}

/// Whole numbers that keywords of a compressed image (Pence et al. 2010, FITS standard 4.0, section 10) may have.
fn bounds(name: &str, rice: bool) -> Option<std::ops::RangeInclusive<i64>> {
    let numbered = |stem: &str| name.strip_prefix(stem).is_some_and(|n| !n.is_empty());
    if numbered("ZTILE") {
        Some(1..=MOST_PIXELS)
    } else if numbered("ZNAXIS") {
        Some(0..=MOST_PIXELS)
    } else if numbered("ZVAL") && rice {
        Some(1..=1 << 16)
    } else if name == "ZDITHER0" {
        Some(1..=10_000)
    } else {
        None
    }
}

/// Refuses the header of a compressed image by which cfitsio would divide by zero, or make less memory than it
/// writes to.
pub(super) fn check(header: &[u8]) -> Result<(), FitsFailure> {
    if !holds(header, "ZIMAGE") {
        return Ok(());
    }
    let (cards, _) = header.as_chunks::<CARD>();
    let cards = cards.iter().map(|card| {
        let name = String::from_utf8_lossy(name(card)).to_uppercase();
        (name, value(card))
    });
    let cards: Vec<(String, String)> = cards.collect();
    let rice = |(name, value): &(String, String)| name == "ZCMPTYPE" && value.contains("RICE");
    let rice = cards.iter().any(rice);
    let mut pixels = 1_i64;
    for (name, value) in &cards {
        let Some(bounds) = bounds(name, rice) else {
            continue;
        };
        let number = value.parse().ok().filter(|number| bounds.contains(number));
        let number = number.ok_or_else(|| {
            FitsFailure(format!(
                "a compressed image whose {name} is {value}, and not a whole number from {} to {}",
                bounds.start(),
                bounds.end()
            ))
        })?;
        if name.starts_with("ZTILE") {
            pixels = pixels.saturating_mul(number);
        }
    }
    if pixels > MOST_PIXELS {
        return Err(FitsFailure(format!(
            "a compressed image with tiles of more than {MOST_PIXELS} pixels"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cards: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for card in cards {
            bytes.extend(format!("{card:<80}").bytes());
        }
        bytes
    }

    #[test]
    fn what_cfitsio_would_divide_by_is_refused() {
        let good = [
            "ZIMAGE  =  T",
            "ZCMPTYPE= 'RICE_1  '",
            "ZTILE1  =   300 / px",
            "ZVAL1   = 32",
            "END",
        ];
        check(&header(&good)).unwrap();
        assert!(ends_in(&header(&good)) && !ends_in(&header(&good[..4])));
        for (at, card) in [
            (2, "ZTILE1  = 0"),
            (2, "ZTILE1  = -3"),
            (2, "ZTILE1  = 0.5"),
            (2, "ZTILE2  ="),
            (2, "ZTILE1=0"),
            (2, "HIERARCH ZTILE1 = 0"),
            (2, "ZNAXIS1 = 99999999999"),
            (2, "ZDITHER0= 0"),
            (3, "ZVAL1   = 0"),
        ] {
            let mut cards = good;
            cards[at] = card;
            let said = check(&header(&cards)).unwrap_err().0;
            let name = card
                .trim_start_matches("HIERARCH ")
                .split([' ', '='])
                .next();
            assert!(said.contains(name.unwrap()), "{said}");
            // Of what is no compressed image, nothing is asked.
            cards[0] = "COMMENT";
            check(&header(&cards)).unwrap();
        }
        let large = ["ZIMAGE  = T", "ZTILE1  = 65536", "ZTILE2  = 65536", "END"];
        assert!(check(&header(&large)).is_err());
    }
}
