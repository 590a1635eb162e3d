/** How a cell of one class looks: a fill that says the attribute and whether a page exists, and a mark for the rest. */
import { classIsPrivate, classResidency, type PageClass } from './pageClass';
import type { Palette } from './palette';

export type TileContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export function drawTile(context: TileContext, palette: Palette, pageClass: PageClass, width: number, height: number): void {
    const { map } = palette;
    const [strong, allocated, absent] = classIsPrivate(pageClass)
        ? [map.private, map.privateAllocated, map.privateAbsent]
        : [map.shared, map.sharedAllocated, map.sharedAbsent];
    const fill = (style: string) => {
        context.fillStyle = style;
        context.fillRect(0, 0, width, height);
    };
    context.save();
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.lineWidth = Math.max(1, Math.round(Math.min(width, height) / 6));
    switch (classResidency(pageClass)) {
        case 'present':
            fill(strong);
            break;
        case 'allocated':
            fill(allocated);
            break;
        case 'absent':
            fill(absent);
            break;
        case 'doubleBacked':
            fill(strong);
            context.strokeStyle = map.doubleBacked;
            strokeDiagonals(context, width, height);
            break;
        case 'swapped':
            fill(absent);
            context.fillStyle = strong;
            context.fillRect(0, Math.round(height / 3), width, Math.max(1, Math.round(height / 3)));
            break;
        case 'zero':
            fill(absent);
            context.fillStyle = strong;
            context.beginPath();
            context.arc(width / 2, height / 2, Math.min(width, height) / 4, 0, 2 * Math.PI);
            context.fill();
            break;
        case 'unbacked':
            fill(absent);
            context.strokeStyle = map.unbacked;
            context.beginPath();
            context.moveTo(0, 0);
            context.lineTo(width, height);
            context.moveTo(width, 0);
            context.lineTo(0, height);
            context.stroke();
            break;
        case 'unknown':
            fill(absent);
            context.fillStyle = strong;
            context.fillRect(0, 0, Math.ceil(width / 2), Math.ceil(height / 2));
            context.fillRect(Math.ceil(width / 2), Math.ceil(height / 2), width, height);
            break;
        case 'outside':
            context.strokeStyle = strong;
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
