use super::*;

fn shader() -> naga::Module {
    naga::front::wgsl::parse_str(include_str!("../../shaders/thumbnails.wgsl")).unwrap()
}

#[test]
fn the_uniform_has_the_layout_of_the_shader() {
    let module = shader();
    let named = |name: &str| {
        module
            .types
            .iter()
            .find(|(_, t)| t.name.as_deref() == Some(name))
    };
    let (_, frame) = named("Frame").unwrap();
    let naga::TypeInner::Struct { members, span } = &frame.inner else {
        panic!("Frame is a struct");
    };
    assert_eq!(*span as usize, size_of::<Frame>());
    macro_rules! same {
        ($($field:ident),*) => {
            let fields = [$((stringify!($field), std::mem::offset_of!(Frame, $field))),*];
            assert_eq!(members.len(), fields.len());
            for ((name, offset), member) in fields.iter().zip(members) {
                assert_eq!(member.name.as_deref(), Some(*name));
                assert_eq!(member.offset as usize, *offset, "{name}");
            }
        };
    }
    same!(
        size_px, side_px, border_px, corner_px, halo_px, opacity, slot_px, halo
    );
}

#[test]
fn squares_have_the_layout_of_the_shader() {
    let module = shader();
    let entry = module
        .entry_points
        .iter()
        .find(|e| e.name == "vs_main")
        .unwrap();
    let of_shader: Vec<(u32, u32)> = entry
        .function
        .arguments
        .iter()
        .filter_map(|argument| match argument.binding {
            Some(naga::Binding::Location { location, .. }) => {
                let inner = &module.types[argument.ty].inner;
                Some((location, inner.size(module.to_ctx()) / 4))
            }
            _ => None,
        })
        .collect();
    assert_eq!(of_shader, [(0, 2), (1, 1), (2, 4)]);
    let offsets = ATTRIBUTES.map(|a| (a.shader_location, a.offset as usize));
    let wanted = [
        (0, std::mem::offset_of!(Square, center_px)),
        (1, std::mem::offset_of!(Square, slot)),
        (2, std::mem::offset_of!(Square, color)),
    ];
    assert_eq!(offsets, wanted);
    assert_eq!(size_of::<Square>(), 16);
}
