/**
 * The way from one zoom level to the next: the picture before grows or shrinks out of sight over the new one, which is
 * painted meanwhile. Who asked for reduced motion sees only the new one.
 */
import { element } from '../dom';

const duration = 140;

export class ZoomAnimation {
    private running: Animation | null = null;

    /** `canvas` still shows the picture before; it is scaled around a point in CSS pixels. */
    begin(canvas: HTMLCanvasElement, scaleX: number, scaleY: number, x: number, y: number): void {
        this.running?.finish();
        if (canvas.width === 0 || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
        const former = element('canvas', 'former');
        former.width = canvas.width;
        former.height = canvas.height;
        former.style.width = canvas.style.width;
        former.style.height = canvas.style.height;
        former.style.transformOrigin = `${x}px ${y}px`;
        former.getContext('2d', { alpha: false })?.drawImage(canvas, 0, 0);
        canvas.after(former);
        const steps = [{ transform: 'none', opacity: 1 }, { transform: `scale(${scaleX}, ${scaleY})`, opacity: 0 }];
        const animation = former.animate(steps, { duration, easing: 'ease-out' });
        animation.addEventListener('finish', () => {
            former.remove();
            // Not left to the garbage collector, which does not see how large it is.
            former.width = 0;
        });
        this.running = animation;
    }
}
