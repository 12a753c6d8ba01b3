// Small pictures of objects: instanced squares with round corners, a border in the colour of the
// object's category, and a halo of the ground that parts them from the points around.

struct Frame {
    size_px: vec2<f32>,
    // side of a picture, border included
    side_px: f32,
    border_px: f32,
    corner_px: f32,
    halo_px: f32,
    opacity: f32,
    // side of a slot of the atlas, texels
    slot_px: f32,
    halo: vec4<f32>,
};

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var atlas: texture_2d_array<f32>;
@group(0) @binding(2) var smooth_sampler: sampler;

struct VertexOut {
    @builtin(position) clip: vec4<f32>,
    // px from the middle of the picture, y downwards
    @location(0) offset: vec2<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
    // column, row and layer of its slot
    @location(2) @interpolate(flat) slot: vec3<u32>,
};

@vertex
fn vs_main(
    @builtin(vertex_index) corner: u32,
    @location(0) center_px: vec2<f32>,
    @location(1) slot: u32,
    @location(2) color: vec4<f32>,
) -> VertexOut {
    let side = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    let reach = frame.side_px * 0.5 + frame.halo_px + 1.0;
    let px = center_px + side * reach;
    let ndc = px / frame.size_px * 2.0 - 1.0;
    var out: VertexOut;
    out.clip = vec4<f32>(ndc.x, -ndc.y, 0.0, 1.0);
    out.offset = side * reach;
    out.color = color;
    out.slot = vec3<u32>(slot & 255u, (slot >> 8u) & 255u, slot >> 16u);
    return out;
}

// Distance to the edge of a square with round corners, px, negative inside.
fn edge(offset: vec2<f32>, half_side: f32, corner: f32) -> f32 {
    let q = abs(offset) - half_side + corner;
    return length(max(q, vec2<f32>(0.0))) + min(max(q.x, q.y), 0.0) - corner;
}

@fragment
fn fs_main(in: VertexOut) -> @location(0) vec4<f32> {
    let half_side = frame.side_px * 0.5;
    let distance = edge(in.offset, half_side, frame.corner_px);
    let whole = clamp(0.5 - distance, 0.0, 1.0);
    let inner = clamp(0.5 - distance - frame.border_px, 0.0, 1.0);
    let around = clamp(0.5 - distance + frame.halo_px, 0.0, 1.0) * frame.halo.a;

    // Half a texel is left out at each side: a slot never shows its neighbours.
    let share = clamp(in.offset / frame.side_px + 0.5, vec2<f32>(0.0), vec2<f32>(1.0));
    let texel = vec2<f32>(in.slot.xy) * frame.slot_px + 0.5 + share * (frame.slot_px - 1.0);
    let uv = texel / vec2<f32>(textureDimensions(atlas));
    let picture = textureSampleLevel(atlas, smooth_sampler, uv, i32(in.slot.z), 0.0).rgb;

    let rgb = mix(in.color.rgb, picture, inner);
    let top = vec4<f32>(rgb, 1.0) * whole;
    let below = vec4<f32>(frame.halo.rgb, 1.0) * around;
    return (top + below * (1.0 - whole)) * frame.opacity;
}
