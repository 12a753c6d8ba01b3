// Lines of even width: one instanced quad for each piece, its edges softened over a pixel.

struct Frame {
    // px = position * px_from_position + px_offset, y downwards
    px_from_position: vec2<f32>,
    px_offset: vec2<f32>,
    size_px: vec2<f32>,
    width_px: f32,
    opacity: f32,
};

@group(0) @binding(0) var<uniform> frame: Frame;

struct VertexOut {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    // px from the middle of the line
    @location(1) across: f32,
};

@vertex
fn vs_main(
    @builtin(vertex_index) corner: u32,
    @location(0) from_position: vec2<f32>,
    @location(1) to_position: vec2<f32>,
    @location(2) color: vec4<f32>,
) -> VertexOut {
    let a = from_position * frame.px_from_position + frame.px_offset;
    let b = to_position * frame.px_from_position + frame.px_offset;
    let way = b - a;
    let along = way / max(length(way), 1e-6);
    let reach = frame.width_px * 0.5 + 1.0;
    let side = f32(corner & 1u) * 2.0 - 1.0;
    var px = select(a, b, corner > 1u);
    px += vec2<f32>(-along.y, along.x) * side * reach;
    let ndc = px / frame.size_px * 2.0 - 1.0;
    var out: VertexOut;
    out.clip = vec4<f32>(ndc.x, -ndc.y, 0.0, 1.0);
    out.color = color;
    out.across = side * reach;
    return out;
}

@fragment
fn fs_main(in: VertexOut) -> @location(0) vec4<f32> {
    let coverage = clamp(frame.width_px * 0.5 + 0.5 - abs(in.across), 0.0, 1.0);
    let alpha = coverage * frame.opacity * in.color.a;
    return vec4<f32>(in.color.rgb * alpha, alpha);
}
