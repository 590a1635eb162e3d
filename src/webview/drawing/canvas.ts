/** Canvases that cover the panel, in device pixels. */
import { element } from '../dom';
import { devicePixels, type Frame } from './frame';

/** Without size until the first drawing: an opaque canvas is black before. */
export function emptyCanvas(className: string): HTMLCanvasElement {
    const canvas = element('canvas', className);
    canvas.width = 0;
    canvas.height = 0;
    return canvas;
}

export function contextOf(canvas: HTMLCanvasElement, settings: CanvasRenderingContext2DSettings): CanvasRenderingContext2D {
    const context = canvas.getContext('2d', settings);
    if (context === null) throw new Error('The page map could not be drawn: this window gave no 2D canvas.');
    return context;
}

/** Fits a canvas to the panel. Setting a size wipes a canvas and is slow, so only when it changed. */
export function fitCanvas(canvas: HTMLCanvasElement, frame: Frame): void {
    const { viewport, margins } = frame;
    const width = devicePixels(frame, viewport.width + margins.left);
    const height = devicePixels(frame, viewport.height + margins.top);
    if (canvas.width === width && canvas.height === height) return;
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${width / viewport.ratio}px`;
    canvas.style.height = `${height / viewport.ratio}px`;
}
