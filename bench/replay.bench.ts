/**
 * Replays of ten million events that change the map: the first one, which passes them all, and later ones, which begin at
 * a state that was kept. Beside the first one bare passes: over the columns in which replays get these events.
 */
import { addon } from '../test/native/addon';
import { emptyEvents } from '../test/support/madeEvents';
import { madeGuestMemfd, madeReplay, madeSlot } from '../test/support/madeRecordings';
import { makeRandomIntegers } from '../test/support/random';
import { Pace } from '../src/agent/pace';
import { replayLog } from '../src/agent/replay/replayLog';
import { fastest, report } from './stopwatch';

const count = 10_000_000;
const piece = 200_000;
const pages = 1 << 18;
const inode = 7000;
const begin = 1_700_000_000_000_000;
const integer = makeRandomIntegers();

/** Of a gigabyte: conversions, each as a call and as a change, and pages of the guest_memfd that come and go. */
function conversions(): ReturnType<typeof emptyEvents> {
    const events = emptyEvents(piece);
    for (let i = 0; i < piece; i++) {
        const kind = [3, 2, 6, 7][i % 4] ?? 0;
        events.kinds[i] = kind;
        events.threads[i] = 4000;
        events.starts[i] = kind === 2 ? (events.starts[i - 1] ?? 0n) : BigInt(integer(pages)) << 12n;
        events.sizes[i] = 4096n;
        events.values[i] = kind === 2 ? (events.values[i - 1] ?? 0n) : BigInt(8 * integer(2));
        events.inodes[i] = kind > 3 ? inode : 0;
        events.durations[i] = kind === 2 ? 1000 : 0;
    }
    return events;
}

const made = Array.from({ length: 5 }, conversions);
const log = new addon.EventLog(1e9);
for (let i = 0; i < count; i += piece) {
    const events = made[(i / piece) % made.length] ?? emptyEvents(0);
    log.append({ ...events, times: events.times.map((_, row) => begin + i + row) });
}

const pace = () => new Pace(new AbortController().signal);
const bare = await fastest(3, () => {
    for (let i = 0; i < count; i += 65_536) log.read(i, 65_536);
});
const newReplay = () =>
    madeReplay({ slots: [madeSlot(0, 0, pages, inode)], guestMemfds: new Map([[inode, madeGuestMemfd(0, 0)]]) }, [], { log: replayLog(log), attached: begin - 1, since: begin - 1 });
const replay = newReplay();
let longest = 0;
let last = performance.now();
const ticking = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
}, 1);
const first = await fastest(1, () => replay.at(begin + count, pace()));
clearInterval(ticking);
report('first replay of 10 million events', first, undefined, { 'reading all events in columns': bare });
report('longest time that other requests waited', longest);
report('the end again', await fastest(5, () => replay.at(begin + count, pace())));
report('a time far from all that were replayed', await fastest(5, () => replay.at(begin + integer(count), pace())));
report('the map of a moment', await fastest(3, async () => replay.mapAt(await replay.at(begin + count, pace()), 0)));
