/** The atlas of the frame before, as long as it fits. */
import { CellAtlas } from './cellAtlas';
import { cellSizeOf } from './renderer';
import type { Frame } from './frame';

export class AtlasKeeper {
    private atlas: CellAtlas | null = null;
    /** What the atlas was drawn for. */
    private key = '';

    for(frame: Frame): CellAtlas {
        const { palette, model, highlight } = frame;
        const size = cellSizeOf(frame);
        const key = [model.layer.id, size.width, size.height, size.gap, palette.background, ...Object.values(palette.map), ...highlight].join();
        if (this.atlas === null || key !== this.key) {
            this.atlas = new CellAtlas(palette, model.layer, highlight, size);
            this.key = key;
        }
        return this.atlas;
    }
}
