use super::TileTree;
use super::tests::{check, layouts};

#[test]
fn a_tree_is_the_same_from_its_parts() {
    let mut cases = layouts(30_000);
    cases.extend([Vec::new(), vec![[1.0, 2.0]], vec![[2.5, -1.0]; 300]]);
    cases.push(vec![[f32::NAN, 0.0], [0.0, 1.0], [2.0, f32::INFINITY]]);
    for points in cases {
        let tree = TileTree::new(&points);
        let (children, leaves) = (tree.child_counts(), tree.leaf_counts());
        let again = TileTree::from_parts(&points, tree.order().to_vec(), &children, &leaves);
        let again = again.unwrap();
        assert_eq!(again.nodes(), tree.nodes());
        assert_eq!(again.points(), tree.points());
        check(&points, &again);
    }
}

type Change = dyn Fn(&mut Vec<u32>, &mut Vec<u8>, &mut Vec<u32>);

#[test]
fn parts_that_do_not_fit_are_refused() {
    let points = &layouts(1000)[1];
    let tree = TileTree::new(points);
    let parts = || {
        (
            tree.order().to_vec(),
            tree.child_counts(),
            tree.leaf_counts(),
        )
    };
    let refused = |change: &Change| {
        let (mut order, mut children, mut leaves) = parts();
        change(&mut order, &mut children, &mut leaves);
        assert!(TileTree::from_parts(points, order, &children, &leaves).is_err());
    };
    refused(&|order, _, _| order[3] = order[4]);
    refused(&|order, _, _| order[3] = 1000);
    refused(&|order, _, _| order[3] = u32::MAX);
    refused(&|order, _, _| order.truncate(999));
    refused(&|_, children, _| children[0] += 1);
    refused(&|_, children, _| children[0] = 1);
    refused(&|_, children, _| children[0] = 0);
    refused(&|_, children, _| children.truncate(children.len() - 1));
    refused(&|_, children, _| children.push(0));
    refused(&|_, children, leaves| {
        children.push(0);
        leaves.push(0);
    });
    refused(&|_, _, leaves| leaves.push(1));
    refused(&|_, _, leaves| leaves[0] += 1);
    // One crowded leaf, and a chain deeper than the stack.
    refused(&|_, children, leaves| (*children, *leaves) = (vec![0], vec![1000]));
    refused(&|_, children, leaves| {
        *children = (0..1999).map(|i| if i % 2 == 0 { 2 } else { 0 }).collect();
        children[1998] = 0;
        *leaves = vec![1; 1000];
    });
    let no_leaves = TileTree::from_parts(&[], Vec::new(), &[], &[]).unwrap();
    assert!(no_leaves.root().is_none());
    let holes = [[f32::NAN, 0.0], [1.0, 1.0]];
    assert!(TileTree::from_parts(&holes, vec![0], &[0], &[1]).is_err());
}
