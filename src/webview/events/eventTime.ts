/** Times of events: as on a clock of this window's time zone, or since the recording's start. In microseconds since 1970. */
import { t } from '../l10n';

export const timeModes = ['clock', 'start'] as const;
export type TimeMode = (typeof timeModes)[number];

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** `iso` is the time of an event: with microseconds, which a Date cannot hold. */
export function microsecondsOf(iso: string): number {
    const [seconds = '', fraction = ''] = iso.replace(/Z$/, '').split('.');
    return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** "12:04:01.123456" */
export function clockText(time: number): string {
    const date = new Date(time / 1000);
    return `${[date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part, 2)).join(':')}.${pad(Math.floor(time) % 1_000_000, 6)}`;
}

/** "12:04:01.1" */
export const briefClockText = (time: number): string => clockText(time).slice(0, 10);

export function timeText(iso: string, mode: TimeMode, since: number): string {
    const time = microsecondsOf(iso);
    if (Number.isNaN(time)) return t('not known');
    return mode === 'clock' ? clockText(time) : `${time < since ? '−' : '+'}${(Math.abs(time - since) / 1e6).toFixed(6)} s`;
}
