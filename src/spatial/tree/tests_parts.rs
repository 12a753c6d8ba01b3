use super::tests::{check, layouts};
use super::{KeptTree, PartsError, TileTree};

#[test]
fn a_tree_is_the_same_from_its_parts() {
    let mut cases = layouts(30_000);
    cases.extend([Vec::new(), vec![[1.0, 2.0]], vec![[2.5, -1.0]; 300]]);
    cases.push(vec![[f32::NAN, 0.0], [0.0, 1.0], [2.0, f32::INFINITY]]);
    for points in cases {
        let tree = TileTree::new(&points);
        let again = kept(&tree, |_| {}).and_then(|again| again.over(&points));
        let again = again.unwrap();
        assert_eq!(again.nodes(), tree.nodes());
        assert_eq!(again.points(), tree.points());
        check(&points, &again);
    }
}

/// What is kept of a tree.
struct Parts {
    points: Vec<[f32; 2]>,
    order: Vec<u32>,
    children: Vec<u8>,
    leaves: Vec<u32>,
}

/// A tree that was kept and has changed since.
fn kept(tree: &TileTree, change: impl Fn(&mut Parts)) -> Result<KeptTree, PartsError> {
    let mut parts = Parts {
        points: tree.points().to_vec(),
        order: tree.order().to_vec(),
        children: tree.child_counts(),
        leaves: tree.leaf_counts(),
    };
    change(&mut parts);
    let Parts {
        points,
        order,
        children,
        leaves,
    } = parts;
    KeptTree::new(points, order, &children, &leaves)
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let points = &layouts(1000)[1];
    let tree = TileTree::new(points);
    let refused = |change: &dyn Fn(&mut Parts), error| {
        let changed = kept(&tree, change).and_then(|kept| kept.over(points));
        assert_eq!(changed.unwrap_err(), error);
    };
    refused(&|p| p.order[3] = p.order[4], PartsError::Points);
    refused(&|p| p.order.swap(3, 4), PartsError::Points);
    refused(&|p| p.order[3] = 1000, PartsError::Points);
    refused(&|p| p.order[3] = u32::MAX, PartsError::Points);
    refused(&|p| p.order.truncate(999), PartsError::Points);
    refused(&|p| p.points[7][0] += 1e-4, PartsError::Points);
    refused(&|p| p.points[7][1] = f32::NAN, PartsError::Points);
    refused(&|p| p.points.swap(7, 8), PartsError::Points);
    refused(&|p| p.points.truncate(999), PartsError::Points);
    refused(&|p| p.children[0] += 1, PartsError::Nodes);
    refused(&|p| p.children[0] = 1, PartsError::Nodes);
    refused(&|p| p.children[0] = 0, PartsError::Nodes);
    refused(
        &|p| p.children.truncate(p.children.len() - 1),
        PartsError::Nodes,
    );
    refused(&|p| p.children.push(0), PartsError::Nodes);
    let one_more = |p: &mut Parts| {
        p.children.push(0);
        p.leaves.push(0);
    };
    refused(&one_more, PartsError::Nodes);
    refused(&|p| p.leaves.push(1), PartsError::Nodes);
    refused(&|p| p.leaves[0] += 1, PartsError::Nodes);
    // One crowded leaf, and a chain deeper than the stack.
    let crowded = |p: &mut Parts| (p.children, p.leaves) = (vec![0], vec![1000]);
    refused(&crowded, PartsError::Nodes);
    let chain = |p: &mut Parts| {
        p.children = (0..1999).map(|i| if i % 2 == 0 { 2 } else { 0 }).collect();
        p.children[1998] = 0;
        p.leaves = vec![1; 1000];
    };
    refused(&chain, PartsError::Nodes);
    let nothing = TileTree::new(&[]);
    assert!(
        kept(&nothing, |_| {})
            .unwrap()
            .over(&[])
            .unwrap()
            .root()
            .is_none()
    );
    // The one point that is not finite has no place, and no other may be missing.
    let hole = [[f32::NAN, 0.0], [1.0, 1.0]];
    let with_hole = TileTree::new(&hole);
    assert!(kept(&with_hole, |_| {}).unwrap().over(&hole).is_ok());
    let other = kept(&with_hole, |p| p.order[0] = 0);
    assert_eq!(other.unwrap().over(&hole).unwrap_err(), PartsError::Points);
    let more = [hole[0], hole[1], [2.0, 1.0]];
    assert!(kept(&with_hole, |_| {}).unwrap().over(&more).is_err());
}
