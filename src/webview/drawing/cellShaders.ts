/**
 * What the graphics processor runs for each patch: a rectangle of device pixels. A byte of `texels` says which image of
 * the atlas is seen in a cell at that pixel of its width; nothing is blended or averaged.
 */
export const vertexShader = `#version 300 es
uniform vec4 place; // Left, top, width and height in device pixels.
uniform vec2 canvas;
out vec2 pixel;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    pixel = corner * place.zw;
    vec2 at = (place.xy + pixel) / canvas;
    gl_Position = vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
}`;

export const fragmentShader = `#version 300 es
precision highp float;
precision highp int;
uniform highp usampler2D texels;
uniform sampler2D atlas;
uniform ivec2 cell; // Width and height in device pixels.
in vec2 pixel;
out vec4 color;
void main() {
    ivec2 at = ivec2(pixel);
    ivec2 index = at / cell;
    ivec2 within = at - index * cell;
    int image = int(texelFetch(texels, ivec2(at.x, index.y), 0).r);
    color = texelFetch(atlas, ivec2(within.x, image * cell.y + within.y), 0);
}`;
