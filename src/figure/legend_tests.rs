//! Tests of the legend's layout and wording.

use super::*;
use crate::figure::canvas::Item;

fn entries(n: usize) -> Vec<Category> {
    (0..n)
        .map(|i| Category {
            name: format!("class {i}"),
            color: [9, 9, 9, 255],
            marker: Marker::Disc,
            count: Some(1000 * i as u64),
        })
        .collect()
}

fn legend(n: usize, limit: usize, place: Place) -> LegendSpec {
    let title = "Class".to_owned();
    let ticks = vec![
        (0.0, "0".to_owned()),
        (1.0, "1".to_owned()),
        (f32::NAN, "x".to_owned()),
    ];
    LegendSpec {
        blocks: vec![
            Block::Categories {
                title: title.clone(),
                entries: entries(n),
                limit,
            },
            Block::Bar {
                title,
                colors: vec![[1, 2, 3, 255]; 256],
                ticks,
            },
        ],
        place,
    }
}

fn texts(drawing: &Drawing) -> Vec<&str> {
    let texts = drawing.items.iter().filter_map(|item| match item {
        Item::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn counts_are_grouped() {
    let cases = [
        (0, "0"),
        (999, "999"),
        (1000, "1 000"),
        (12_345_678, "12 345 678"),
    ];
    for (count, text) in cases {
        assert_eq!(thousands(count), text.replace(' ', "\u{2009}"));
    }
}

#[test]
fn the_rest_is_counted() {
    let rows = rows(&entries(15), 3);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[3].name, "and 12 more");
    assert_eq!(rows[3].count, "102\u{2009}000");
    assert_eq!(super::rows(&entries(3), 3).len(), 3);
    let mut huge = entries(3);
    huge[2].count = Some(u64::MAX);
    assert_eq!(super::rows(&huge, 0)[0].count, "");
}

#[test]
fn a_box_lies_in_its_corner_or_beside_the_map() {
    let map = Rect::new(50.0, 20.0, 400.0, 400.0);
    let at = |place| legend(5, 9, place).corner(map);
    assert!(at(Place::Right).is_none());
    let corner = at(Place::BottomRight).expect("room");
    assert_eq!((corner.right(), corner.bottom()), (438.0, 408.0));
    let corner = at(Place::TopLeft).expect("room");
    assert_eq!((corner.x, corner.y), (62.0, 32.0));
    assert!(legend(50, 50, Place::TopLeft).corner(map).is_none());
}

#[test]
fn what_it_says_is_drawn() {
    let mut drawing = Drawing::new(300.0, 400.0, [0; 4]);
    legend(2, 1, Place::Right).draw_column(&mut drawing, 4.0, 4.0, true);
    let mut said = texts(&drawing);
    said.sort_unstable();
    let wanted = [
        "0",
        "0",
        "1",
        "1\u{2009}000",
        "Class",
        "Class",
        "and 1 more",
        "class 0",
    ];
    assert_eq!(said, wanted);
    assert!(LegendSpec::default().is_empty());
    assert!(legend(0, 0, Place::Right).size()[1] > 0.0);
}
