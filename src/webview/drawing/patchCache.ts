/**
 * The patches that were painted, as a renderer keeps them: painted anew only when their tile, size or colours differ. A
 * frame paints only for some milliseconds, so that a zoom, which needs all patches in sight anew, does not hold up the
 * window; the rest is left to the next frames.
 */
import type { MapTile } from '../../common/mapTiles';
import type { Patch } from '../layout/layout';
import type { Frame } from './frame';

/** What painted patches may take, in bytes; those in sight are kept even if they take more. */
const mostBytes = 32 * 2 ** 20;
/** How long a frame may have painted before it begins a patch, in milliseconds; it paints at least one. */
const paintingTime = 4;

interface Painted<Look, Image> {
    readonly tiles: readonly (MapTile | null)[];
    readonly look: Look;
    readonly image: Image;
    readonly bytes: number;
}

export interface Painter<Look, Image> {
    paint(tiles: readonly (MapTile | null)[], patch: Patch, look: Look, frame: Frame): { readonly image: Image; readonly bytes: number };
    dispose(image: Image): void;
    /** Whether a picture painted for the one look may stand, for some frames, for that of the other. */
    fits(former: Look, look: Look): boolean;
}

export class PatchCache<Look, Image> {
    /** The one that was used last is last. */
    private readonly painted = new Map<string, Painted<Look, Image>>();
    private bytes = 0;
    private frameBegin = 0;
    /** Keys of the patches that the frame has asked for. */
    private readonly inSight = new Set<string>();
    private hasPainted = false;
    private isBehind = false;

    constructor(private readonly painter: Painter<Look, Image>) {}

    beginFrame(): void {
        this.frameBegin = performance.now();
        this.inSight.clear();
        this.hasPainted = false;
        this.isBehind = false;
    }

    /** Whether all that the frame asked for is painted; else another frame is to be drawn. */
    endFrame(): boolean {
        for (const oldest of this.painted.keys()) {
            if (this.bytes <= mostBytes || this.inSight.has(oldest)) break;
            this.remove(oldest);
        }
        return !this.isBehind;
    }

    /** The picture of a patch; null where nothing is known or painted yet. `look` is compared by identity. */
    get(frame: Frame, patch: Patch, look: Look): Image | null {
        const tiles = patch.pieces.map(({ tile }) => frame.tileOf(tile));
        if (tiles.every((tile) => tile === null)) return null;
        const key = `${frame.layout.kind} ${frame.layout.level} ${patch.key}`;
        this.inSight.add(key);
        const kept = this.painted.get(key);
        if (kept?.look === look && kept.tiles.every((tile, i) => tile === tiles[i])) {
            this.painted.delete(key);
            this.painted.set(key, kept);
            return kept.image;
        }
        if (!this.hasPainted || performance.now() - this.frameBegin <= paintingTime) return this.paint(key, tiles, patch, look, frame);
        this.isBehind = true;
        return kept !== undefined && this.painter.fits(kept.look, look) ? kept.image : null;
    }

    private paint(key: string, tiles: readonly (MapTile | null)[], patch: Patch, look: Look, frame: Frame): Image {
        this.hasPainted = true;
        this.remove(key);
        const { image, bytes } = this.painter.paint(tiles, patch, look, frame);
        this.painted.set(key, { tiles, look, image, bytes });
        this.bytes += bytes;
        return image;
    }

    private remove(key: string): void {
        const kept = this.painted.get(key);
        if (kept === undefined) return;
        this.painted.delete(key);
        this.bytes -= kept.bytes;
        this.painter.dispose(kept.image);
    }
}
