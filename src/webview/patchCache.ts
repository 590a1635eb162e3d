/** The patches that were painted, as a renderer keeps them: painted anew only when their tile, size or colours differ. */
import type { MapTile } from '../common/mapTiles';
import type { Patch } from './layout';
import type { Frame } from './renderer';

/** What painted patches may take, in bytes. */
const mostBytes = 64 * 2 ** 20;

interface Painted<Look, Image> {
    readonly tile: MapTile;
    readonly look: Look;
    readonly image: Image;
    readonly bytes: number;
}

export interface Painter<Look, Image> {
    paint(tile: MapTile, patch: Patch, look: Look, frame: Frame): { readonly image: Image; readonly bytes: number };
    dispose(image: Image): void;
}

export class PatchCache<Look, Image> {
    /** The one that was used last is last. */
    private readonly painted = new Map<string, Painted<Look, Image>>();
    private bytes = 0;

    constructor(private readonly painter: Painter<Look, Image>) {}

    /** The picture of a patch; null where nothing is known. `look` is compared by identity. */
    get(frame: Frame, patch: Patch, look: Look): Image | null {
        const tile = frame.tileOf(patch.tile);
        if (tile === null) return null;
        const key = `${patch.tile} ${patch.first}`;
        const kept = this.painted.get(key);
        if (kept?.tile === tile && kept.look === look) {
            this.painted.delete(key);
            this.painted.set(key, kept);
            return kept.image;
        }
        this.remove(key);
        const { image, bytes } = this.painter.paint(tile, patch, look, frame);
        this.painted.set(key, { tile, look, image, bytes });
        this.bytes += bytes;
        for (const oldest of this.painted.keys()) {
            if (this.bytes <= mostBytes || oldest === key) break;
            this.remove(oldest);
        }
        return image;
    }

    clear(): void {
        for (const key of [...this.painted.keys()]) this.remove(key);
    }

    private remove(key: string): void {
        const kept = this.painted.get(key);
        if (kept === undefined) return;
        this.painted.delete(key);
        this.bytes -= kept.bytes;
        this.painter.dispose(kept.image);
    }
}
