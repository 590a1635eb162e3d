/** The lines of `guestmem watch` for people. */
import type { Finding } from '../../../common/finding';
import { eventText } from '../../../common/eventWords';
import type { WatchLine } from '../../../common/memoryEvents';
import { findingText } from './findings';
import { escapeText } from './text';

const timeOfDay = (time: string): string => time.slice('2026-01-01T'.length, -1);

export function renderWatchLine(line: WatchLine): string {
    switch (line.kind) {
        case 'watching': {
            const missing = line.missing.map(({ kinds, reason }) => `Not told by this kernel: ${kinds.join(', ')} (${reason}).\n`);
            const cost = 'Each system call on this host takes some tenths of a microsecond longer meanwhile. Ctrl-C ends it.\n';
            return escapeText(`Watching the memory of the VM ${line.vm}. ${cost}${missing.join('')}`, { newlines: true });
        }
        case 'lost':
            return `${timeOfDay(line.time)}  ${line.events.toLocaleString('en')} events were lost here: they came faster than they could be read.\n`;
        case 'ended': {
            const why = { time: 'the time is over', interrupted: 'interrupted', 'vm-ended': 'the VMM has exited' }[line.reason];
            const lost = line.lost === 0 ? 'none lost' : `${line.lost.toLocaleString('en')} lost`;
            return `Ended (${why}): ${line.events.toLocaleString('en')} events, ${lost}.\n${patternsText(line.patterns)}`;
        }
        case 'pattern':
            return `${timeOfDay(line.time)}  ${escapeText(`! ${line.finding.title}`)}\n`;
        default:
            return `${timeOfDay(line.time)}  ${String(line.thread ?? '').padStart(7)}  ${escapeText(eventText(line))}\n`;
    }
}

const patternsText = (patterns: readonly Finding[]): string =>
    patterns.length === 0 ? '' : `\nPatterns that were found:\n\n${patterns.map(findingText).join('\n')}`;
