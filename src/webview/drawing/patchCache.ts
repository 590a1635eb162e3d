/** The patches that were painted, as a renderer keeps them: painted anew only when their tile, size or colours differ. */
import type { MapTile } from '../../common/mapTiles';
import type { Patch } from '../layout/layout';
import type { Frame } from './frame';

/** What painted patches may take, in bytes. */
const mostBytes = 64 * 2 ** 20;

interface Painted<Look, Image> {
    readonly tiles: readonly (MapTile | null)[];
    readonly look: Look;
    readonly image: Image;
    readonly bytes: number;
}

export interface Painter<Look, Image> {
    paint(tiles: readonly (MapTile | null)[], patch: Patch, look: Look, frame: Frame): { readonly image: Image; readonly bytes: number };
    dispose(image: Image): void;
}

export class PatchCache<Look, Image> {
    /** The one that was used last is last. */
    private readonly painted = new Map<string, Painted<Look, Image>>();
    private bytes = 0;

    constructor(private readonly painter: Painter<Look, Image>) {}

    /** The picture of a patch; null where nothing is known. `look` is compared by identity. */
    get(frame: Frame, patch: Patch, look: Look): Image | null {
        const tiles = patch.pieces.map(({ tile }) => frame.tileOf(tile));
        if (tiles.every((tile) => tile === null)) return null;
        const key = `${frame.layout.kind} ${frame.layout.level} ${patch.key}`;
        const kept = this.painted.get(key);
        if (kept?.look === look && kept.tiles.every((tile, i) => tile === tiles[i])) {
            this.painted.delete(key);
            this.painted.set(key, kept);
            return kept.image;
        }
        this.remove(key);
        const { image, bytes } = this.painter.paint(tiles, patch, look, frame);
        this.painted.set(key, { tiles, look, image, bytes });
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
