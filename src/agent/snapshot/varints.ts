/**
 * Whole numbers from 0 to 2^53 - 1 in seven bits a byte, the lowest first; the highest bit of a byte says that another
 * follows (LEB128).
 */
const longest = 8;

export class VarintWriter {
    private buffer = new Uint8Array(1 << 16);
    private length = 0;

    put(value: number): void {
        if (this.length + longest > this.buffer.length) this.grow();
        let rest = value;
        while (rest > 127) {
            this.buffer[this.length++] = 128 | (rest % 128);
            rest = Math.floor(rest / 128);
        }
        this.buffer[this.length++] = rest;
    }

    /** As put for each of the first `count` values; in a loop of its own, since files have millions of them. */
    putAll(values: Float64Array, count: number): void {
        while (this.length + count * longest > this.buffer.length) this.grow();
        const { buffer } = this;
        let at = this.length;
        for (let i = 0; i < count; i++) {
            let rest = values[i] ?? 0;
            while (rest > 127) {
                buffer[at++] = 128 | (rest % 128);
                rest = Math.floor(rest / 128);
            }
            buffer[at++] = rest;
        }
        this.length = at;
    }

    /** What was put since the last time; valid until the next put. */
    take(): Uint8Array {
        const taken = this.buffer.subarray(0, this.length);
        this.length = 0;
        return taken;
    }

    private grow(): void {
        const grown = new Uint8Array(this.buffer.length * 2);
        grown.set(this.buffer);
        this.buffer = grown;
    }
}

export class VarintReader {
    private at = 0;

    constructor(private readonly bytes: Uint8Array) {}

    /** Throws RangeError at the end of the bytes and for a number that is too long. */
    next(): number {
        const first = this.bytes[this.at++];
        if (first === undefined) throw new RangeError('the numbers end too early');
        return first < 128 ? first : this.continued(first - 128);
    }

    /** As next for each of `values`. */
    nextAll(values: Float64Array): void {
        const { bytes } = this;
        let { at } = this;
        for (let i = 0; i < values.length; i++) {
            const byte = bytes[at];
            if (byte !== undefined && byte < 128) {
                values[i] = byte;
                at++;
            } else {
                this.at = at;
                values[i] = this.next();
                at = this.at;
            }
        }
        this.at = at;
    }

    get isAtEnd(): boolean {
        return this.at === this.bytes.length;
    }

    private continued(first: number): number {
        let value = first;
        let scale = 128;
        for (let more = 1; more < longest; more++) {
            const byte = this.bytes[this.at++];
            if (byte === undefined) throw new RangeError('the numbers end too early');
            value += (byte & 127) * scale;
            if (byte < 128) {
                if (value > Number.MAX_SAFE_INTEGER) break;
                return value;
            }
            scale *= 128;
        }
        throw new RangeError('a number is too long');
    }
}
