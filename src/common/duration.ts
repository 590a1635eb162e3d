/** A span of time with two digits that count: "60 µs", "2.8 ms", "1.2 s". */
export function formatMicroseconds(microseconds: number): string {
    const [value, unit] = microseconds < 1000 ? [microseconds, 'µs'] : microseconds < 1e6 ? [microseconds / 1000, 'ms'] : [microseconds / 1e6, 's'];
    return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`;
}
