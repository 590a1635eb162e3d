/** Text and boxes on a canvas of device pixels, given in CSS pixels. */
const textSize = 11;

export class Pen {
    constructor(
        private readonly context: CanvasRenderingContext2D,
        private readonly ratio: number,
        family: string,
    ) {
        context.font = `${textSize * ratio}px ${family}`;
        context.textBaseline = 'middle';
    }

    widthOf(text: string): number {
        return this.context.measureText(text).width / this.ratio;
    }

    text(text: string, x: number, middle: number, color: string, align: CanvasTextAlign = 'left'): void {
        this.context.fillStyle = color;
        this.context.textAlign = align;
        this.context.fillText(text, Math.round(x * this.ratio), Math.round(middle * this.ratio));
    }

    /** A box is at least one device pixel wide and high. */
    box(x: number, y: number, width: number, height: number, color: string): void {
        const whole = (cssPixels: number) => Math.round(cssPixels * this.ratio);
        const [left, top] = [whole(x), whole(y)];
        this.context.fillStyle = color;
        this.context.fillRect(left, top, Math.max(1, whole(x + width) - left), Math.max(1, whole(y + height) - top));
    }
}
