/** Draws the cells on a 2D canvas. Each patch is painted once, pixel by pixel; a frame copies the patches in sight. */
import { AtlasKeeper } from './atlasKeeper';
import { contextOf, emptyCanvas, fitCanvas } from './canvas';
import { devicePixels, type Frame } from './frame';
import type { CellAtlas } from './cellAtlas';
import { PatchCache } from './patchCache';
import { patchTexels } from './patchTexels';
import type { CellRenderer } from './renderer';

export class CanvasRenderer implements CellRenderer {
    readonly element = emptyCanvas('pages');
    private readonly context = contextOf(this.element, { alpha: false });
    private readonly atlas = new AtlasKeeper();
    private readonly patches = new PatchCache<CellAtlas, OffscreenCanvas>({
        paint: (tiles, patch, atlas, { model }) => {
            const texels = patchTexels(tiles, patch, atlas.size, model.layer.classes.length);
            const image = paintTexels(texels, patch.columns, patch.rows, atlas);
            return { image, bytes: image.width * image.height * 4 };
        },
        dispose: (image) => {
            // Not left to the garbage collector, which does not see how large it is.
            image.width = 0;
        },
        fits: (former, { size }) => former.size.width === size.width && former.size.height === size.height,
    });

    draw(frame: Frame): boolean {
        const { context } = this;
        fitCanvas(this.element, frame);
        const { width, height } = this.element;
        const { layout, box, margins, palette } = frame;
        context.fillStyle = palette.background;
        context.fillRect(0, 0, width, height);
        context.save();
        context.beginPath();
        context.rect(devicePixels(frame, margins.left), devicePixels(frame, margins.top), width, height);
        context.clip();
        const atlas = this.atlas.for(frame);
        this.patches.beginFrame();
        for (const patch of layout.patchesIn(box)) {
            const image = this.patches.get(frame, patch, atlas);
            if (image !== null) context.drawImage(image, devicePixels(frame, margins.left + patch.x - box.left), devicePixels(frame, margins.top + patch.y - box.top));
        }
        context.restore();
        return this.patches.endFrame();
    }
}

/** Kept, since most patches are of one size and take megabytes. */
let scratch: ImageData | null = null;

function paintTexels(texels: Uint8Array, columns: number, rows: number, { size, pixels }: CellAtlas): OffscreenCanvas {
    const { width: cellWidth, height: cellHeight } = size;
    const width = columns * cellWidth;
    const canvas = new OffscreenCanvas(width, rows * cellHeight);
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('The page map could not be drawn: this window gave no 2D canvas.');
    if (scratch?.width !== width || scratch.height !== canvas.height) scratch = new ImageData(width, canvas.height);
    const image = scratch;
    const to = new Uint32Array(image.data.buffer);
    /** Where in the atlas the column of pixels of each texel of a row begins. */
    const from = new Uint32Array(width);
    let at = 0;
    for (let row = 0; row < rows; row++) {
        for (let x = 0; x < width; x++) from[x] = (texels[row * width + x] ?? 0) * cellHeight * cellWidth + (x % cellWidth);
        for (let line = 0; line < cellHeight; line++) {
            const below = line * cellWidth;
            for (let x = 0; x < width; x++) to[at++] = pixels[(from[x] ?? 0) + below] ?? 0;
        }
    }
    context.putImageData(image, 0, 0);
    return canvas;
}
