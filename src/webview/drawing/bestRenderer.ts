/**
 * The renderer that is fastest here: WebGL with a graphics processor, else the canvas. Tests name one in the page's
 * data-renderer. When the graphics processor is reset, the canvas takes over: it always works, and a new context may be
 * lost again.
 */
import { CanvasRenderer } from './canvasRenderer';
import type { CellRenderer } from './renderer';
import type { Frame } from './frame';
import { WebglRenderer } from './webglRenderer';

export class BestRenderer implements CellRenderer {
    private current: CellRenderer;

    constructor(onReplaced: () => void) {
        const wanted = document.body.dataset['renderer'];
        const onLost = () => {
            const former = this.current.element;
            this.current = new CanvasRenderer();
            former.replaceWith(this.current.element);
            onReplaced();
        };
        const webgl = wanted === 'canvas' ? null : WebglRenderer.create(wanted === 'webgl', onLost);
        this.current = webgl ?? new CanvasRenderer();
    }

    get element(): HTMLCanvasElement {
        return this.current.element;
    }

    draw(frame: Frame): boolean {
        return this.current.draw(frame);
    }
}
