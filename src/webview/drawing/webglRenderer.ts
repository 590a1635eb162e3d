/**
 * Draws the cells with WebGL 2. A patch becomes a texture once for each width of cells; to scroll, to change the theme
 * or to highlight costs a rectangle for each patch in sight.
 */
import { AtlasKeeper } from './atlasKeeper';
import { emptyCanvas, fitCanvas } from './canvas';
import { devicePixels, type Frame } from './frame';
import type { CellAtlas } from './cellAtlas';
import { fragmentShader, vertexShader } from './cellShaders';
import { PatchCache } from './patchCache';
import { patchTexels } from './patchTexels';
import { cellSizeOf, type CellRenderer } from './renderer';

/** A row of cells is a line of a texture: enough for the widest windows. */
const neededTextureSize = 8192;

interface PatchTexture {
    readonly texture: WebGLTexture;
    readonly columns: number;
    readonly rows: number;
}

export class WebglRenderer implements CellRenderer {
    private readonly atlas = new AtlasKeeper();
    private readonly atlasTexture: WebGLTexture;
    private uploaded: CellAtlas | null = null;
    private readonly uniform: Record<'place' | 'canvas' | 'cell', WebGLUniformLocation | null>;
    private readonly patches: PatchCache<string, PatchTexture>;

    /**
     * Null where there is none, or only one that computes on the processor: then copying images is faster. That one is
     * taken with `evenSlow`. `onLost` is told when the graphics processor was reset.
     */
    static create(evenSlow: boolean, onLost: () => void): WebglRenderer | null {
        const canvas = emptyCanvas('pages');
        // The picture is kept, since the animation of a zoom begins with the last one.
        const gl = canvas.getContext('webgl2', {
            alpha: false,
            antialias: false,
            depth: false,
            failIfMajorPerformanceCaveat: !evenSlow,
            preserveDrawingBuffer: true,
        });
        if (gl === null || Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)) < neededTextureSize) return null;
        if (!evenSlow && isSoftware(gl)) return null;
        canvas.addEventListener('webglcontextlost', onLost, { once: true });
        return new WebglRenderer(canvas, gl);
    }

    private constructor(
        readonly element: HTMLCanvasElement,
        private readonly gl: WebGL2RenderingContext,
    ) {
        const program = makeProgram(gl);
        gl.useProgram(program);
        const location = (name: string) => gl.getUniformLocation(program, name);
        this.uniform = { place: location('place'), canvas: location('canvas'), cell: location('cell') };
        gl.uniform1i(location('texels'), 0);
        gl.uniform1i(location('atlas'), 1);
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
        this.atlasTexture = makeTexture(gl);
        this.patches = new PatchCache<string, PatchTexture>({
            paint: (tiles, patch, _look, frame) => {
                const { columns, rows } = patch;
                const size = cellSizeOf(frame);
                const texels = patchTexels(tiles, patch, size, frame.model.layer.classes.length);
                gl.activeTexture(gl.TEXTURE0);
                const texture = makeTexture(gl);
                gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, columns * size.width, rows, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, texels);
                return { image: { texture, columns, rows }, bytes: texels.byteLength };
            },
            dispose: ({ texture }) => gl.deleteTexture(texture),
            // The classes of another layer, or cells of another width, would be drawn in wrong colours.
            fits: () => false,
        });
    }

    draw(frame: Frame): boolean {
        const { gl, element: canvas, uniform } = this;
        fitCanvas(canvas, frame);
        const { layout, box, margins } = frame;
        const atlas = this.atlas.for(frame);
        this.uploadAtlas(atlas);
        gl.viewport(0, 0, canvas.width, canvas.height);
        gl.disable(gl.SCISSOR_TEST);
        const [red, green, blue] = new Uint8Array(Uint32Array.of(atlas.background).buffer);
        gl.clearColor((red ?? 0) / 255, (green ?? 0) / 255, (blue ?? 0) / 255, 1);
        gl.clear(gl.COLOR_BUFFER_BIT);
        const [left, top] = [devicePixels(frame, margins.left), devicePixels(frame, margins.top)];
        gl.enable(gl.SCISSOR_TEST);
        gl.scissor(left, 0, canvas.width, canvas.height - top);
        const { width, height, gap } = atlas.size;
        gl.uniform2f(uniform.canvas, canvas.width, canvas.height);
        gl.uniform2i(uniform.cell, width, height);
        const look = `${frame.model.layer.id} ${width} ${gap}`;
        this.patches.beginFrame();
        for (const patch of layout.patchesIn(box)) {
            const image = this.patches.get(frame, patch, look);
            if (image === null) continue;
            gl.activeTexture(gl.TEXTURE0);
            gl.bindTexture(gl.TEXTURE_2D, image.texture);
            const [x, y] = [devicePixels(frame, margins.left + patch.x - box.left), devicePixels(frame, margins.top + patch.y - box.top)];
            gl.uniform4f(uniform.place, x, y, image.columns * width, image.rows * height);
            gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
        }
        return this.patches.endFrame();
    }

    private uploadAtlas(atlas: CellAtlas): void {
        const { gl } = this;
        gl.activeTexture(gl.TEXTURE1);
        gl.bindTexture(gl.TEXTURE_2D, this.atlasTexture);
        if (atlas === this.uploaded) return;
        const { size, images, pixels } = atlas;
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, size.width, images * size.height, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(pixels.buffer));
        this.uploaded = atlas;
    }
}

/** Not every browser counts such a context as slow by itself. */
function isSoftware(gl: WebGL2RenderingContext): boolean {
    const info = gl.getExtension('WEBGL_debug_renderer_info');
    const name = info === null ? '' : String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL));
    return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

function makeProgram(gl: WebGL2RenderingContext): WebGLProgram {
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertexShader], [gl.FRAGMENT_SHADER, fragmentShader]] as const) {
        const shader = gl.createShader(type);
        if (shader === null) throw new Error('The page map could not be drawn: WebGL gave no shader.');
        gl.shaderSource(shader, source);
        gl.compileShader(shader);
        gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) {
        throw new Error(`The page map could not be drawn: WebGL refused its shaders: ${gl.getProgramInfoLog(program) ?? ''}`);
    }
    return program;
}

/** A texture that is read pixel by pixel, bound to the active unit. */
function makeTexture(gl: WebGL2RenderingContext): WebGLTexture {
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
}
