/** How a cell of one class looks: a fill, and a mark over it. */
import type { MapClass } from '../../common/mapLayer';
import type { Palette } from './palette';

export type TileContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export function drawTile(context: TileContext, palette: Palette, { fill, mark, markColor }: MapClass, width: number, height: number): void {
    context.save();
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.fillStyle = palette.map[fill];
    context.fillRect(0, 0, width, height);
    context.lineWidth = Math.max(1, Math.round(Math.min(width, height) / 6));
    context.fillStyle = palette.map[markColor];
    context.strokeStyle = palette.map[markColor];
    switch (mark) {
        case 'none':
            break;
        case 'stripes':
            strokeDiagonals(context, width, height);
            break;
        case 'bar':
            context.fillRect(0, Math.round(height / 3), width, Math.max(1, Math.round(height / 3)));
            break;
        case 'dot':
            context.beginPath();
            context.arc(width / 2, height / 2, Math.min(width, height) / 4, 0, 2 * Math.PI);
            context.fill();
            break;
        case 'cross':
            context.beginPath();
            context.moveTo(0, 0);
            context.lineTo(width, height);
            context.moveTo(width, 0);
            context.lineTo(0, height);
            context.stroke();
            break;
        case 'checker':
            context.fillRect(0, 0, Math.ceil(width / 2), Math.ceil(height / 2));
            context.fillRect(Math.ceil(width / 2), Math.ceil(height / 2), width, height);
            break;
        case 'outline':
            context.lineWidth *= 2; // Half of it is clipped.
            context.strokeRect(0, 0, width, height);
            break;
    }
    context.restore();
}

function strokeDiagonals(context: TileContext, width: number, height: number): void {
    const step = Math.max(4, Math.round(height / 2));
    context.beginPath();
    for (let x = -height + step / 2; x < width; x += step) {
        context.moveTo(x, height);
        context.lineTo(x + height, 0);
    }
    context.stroke();
}
