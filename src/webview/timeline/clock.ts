/** Times of the host, in microseconds since 1970, as a clock shows them; and the steps in which it is read. */
export const second = 1e6;
const minute = 60 * second;
const hour = 60 * minute;

const two = (value: number): string => String(value).padStart(2, '0');

/** "12:04:01.123" with three `digits` of a second, "12:04" with -1. */
export function clock(time: number, digits: number): string {
    const date = new Date(Math.floor(time / 1000));
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
    if (digits < 0) return minutes;
    const seconds = `${minutes}:${two(date.getSeconds())}`;
    if (digits === 0) return seconds;
    const fraction = String(Math.floor(time % second)).padStart(6, '0');
    return `${seconds}.${fraction.slice(0, digits)}`;
}

/** For people: to the millisecond. */
export const timeText = (time: number): string => clock(time, 3);

const decimal = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const steps: readonly number[] = [
    ...decimal,
    ...decimal.map((step) => step * 1000),
    ...[1, 2, 5, 10, 15, 30].map((step) => step * second),
    ...[1, 2, 5, 10, 15, 30].map((step) => step * minute),
    ...[1, 2, 3, 6, 12, 24].map((step) => step * hour),
];

/** The shortest round time that is at least so long. */
export function roundStep(least: number): number {
    const day = 24 * hour;
    return steps.find((step) => step >= least) ?? Math.ceil(least / day) * day;
}

/** Digits of a second that tell times apart which are so far from each other. */
export function digitsFor(step: number): number {
    if (step >= minute) return -1;
    return Math.max(0, Math.ceil(Math.log10(second / step) - 1e-9));
}
