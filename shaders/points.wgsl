// Points as anti-aliased discs: one instanced quad each.
// CPU reference: src/render/points.rs `coverage`, used by picking and by the tests.

struct Frame {
    // px = position * px_from_position + px_offset, y downwards
    px_from_position: vec2<f32>,
    px_offset: vec2<f32>,
    size_px: vec2<f32>,
    radius_px: f32,
    opacity: f32,
    // 0: points cover what lies under them; towards 1: their light adds up
    glow: f32,
    // times the colour: below 1 on a light ground, where the palette would be too pale
    shade: f32,
    _pad: vec2<f32>,
};

@group(0) @binding(0) var<uniform> frame: Frame;

struct VertexOut {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    @location(1) @interpolate(flat) center_px: vec2<f32>,
};

@vertex
fn vs_main(
    @builtin(vertex_index) corner: u32,
    @location(0) position: vec2<f32>,
    @location(1) color: vec4<f32>,
) -> VertexOut {
    var out: VertexOut;
    let center_px = position * frame.px_from_position + frame.px_offset;
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    let reach_px = frame.radius_px + 1.0;
    let px = center_px + side * reach_px;
    let ndc = px / frame.size_px * 2.0 - 1.0;
    out.clip = vec4<f32>(ndc.x, -ndc.y, 0.0, 1.0);
    if (color.a == 0.0) {
        // hidden: all corners fall together outside the view
        out.clip = vec4<f32>(2.0, 2.0, 0.0, 1.0);
    }
    out.color = color;
    out.center_px = center_px;
    return out;
}

@fragment
fn fs_main(in: VertexOut) -> @location(0) vec4<f32> {
    let distance_px = distance(in.clip.xy, in.center_px);
    let coverage = clamp(frame.radius_px + 0.5 - distance_px, 0.0, 1.0);
    if (coverage <= 0.0) {
        discard;
    }
    let alpha = coverage * frame.opacity * in.color.a;
    return vec4<f32>(in.color.rgb * frame.shade * alpha, alpha * (1.0 - frame.glow));
}
