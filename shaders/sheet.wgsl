// A picture of the processor laid over the map: premultiplied RGBA, stretched to the whole target.

struct Sheet {
    // share of the sheet's texture that the target shows, from its upper left corner
    extent: vec2<f32>,
    opacity: f32,
    _pad: f32,
};

@group(0) @binding(0) var<uniform> sheet: Sheet;
@group(0) @binding(1) var pixels: texture_2d<f32>;
@group(0) @binding(2) var smooth_sampler: sampler;

struct VertexOut {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
};

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> VertexOut {
    // one triangle around the whole view
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0;
    var out: VertexOut;
    out.clip = vec4<f32>(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
    out.uv = corner * sheet.extent;
    return out;
}

@fragment
fn fs_main(in: VertexOut) -> @location(0) vec4<f32> {
    return textureSampleLevel(pixels, smooth_sampler, in.uv, 0.0) * sheet.opacity;
}
