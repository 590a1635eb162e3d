/** Tiles for the moment until the real ones come, made from what is here: cells divided, or added up. */
import { tileCells, type MapTile } from '../../common/mapTiles';
import { nothingClass } from '../drawing/cellMix';

class TileBuilder {
    private readonly offsets = new Uint32Array(tileCells + 1);
    private readonly classes: number[] = [];
    private readonly pages: number[] = [];
    private cell = 0;

    add(mapClass: number, pages: number): void {
        this.classes.push(mapClass);
        this.pages.push(pages);
    }

    endCell(): void {
        this.offsets[++this.cell] = this.classes.length;
    }

    build(level: number, index: number): MapTile {
        return { level, index, offsets: this.offsets, classes: Uint8Array.from(this.classes), pages: Float64Array.from(this.pages) };
    }
}

/** Each cell looks as the larger one that it is a part of. */
export function fromCoarser(coarser: MapTile, level: number, index: number): MapTile {
    const builder = new TileBuilder();
    const ratio = 2 ** (coarser.level - level);
    const first = index * tileCells;
    for (let i = 0; i < tileCells; i++) {
        const cell = Math.floor((first + i) / ratio) % tileCells;
        const end = coarser.offsets[cell + 1] ?? 0;
        for (let entry = coarser.offsets[cell] ?? 0; entry < end; entry++) {
            builder.add(coarser.classes[entry] ?? nothingClass, (coarser.pages[entry] ?? 0) / ratio);
        }
        builder.endCell();
    }
    return builder.build(level, index);
}

/** `finer` are some of the tiles of one finer level that make up the tile, in order; of the rest nothing is known. */
export function fromFiner(finer: readonly MapTile[], level: number, index: number): MapTile {
    const builder = new TileBuilder();
    const ratio = 2 ** (level - (finer[0]?.level ?? level));
    const cellsOfEach = tileCells / ratio;
    const counts = new Float64Array(256);
    for (let i = 0; i < tileCells; i++) {
        const part = finer.find((tile) => tile.index === index * ratio + Math.floor(i / cellsOfEach));
        if (part === undefined) {
            builder.add(nothingClass, 2 ** level);
        } else {
            const cell = (i % cellsOfEach) * ratio;
            const end = part.offsets[cell + ratio] ?? 0;
            counts.fill(0);
            for (let entry = part.offsets[cell] ?? 0; entry < end; entry++) {
                const mapClass = part.classes[entry] ?? nothingClass;
                counts[mapClass] = (counts[mapClass] ?? 0) + (part.pages[entry] ?? 0);
            }
            counts.forEach((pages, mapClass) => {
                if (pages > 0) builder.add(mapClass, pages);
            });
        }
        builder.endCell();
    }
    return builder.build(level, index);
}
