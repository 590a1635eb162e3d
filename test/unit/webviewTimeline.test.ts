import assert from 'node:assert/strict';
import { eventGroups, groupOfKind, sumOfGroups } from '../../src/common/eventGroups';
import type { EventCounts } from '../../src/common/eventMethods';
import type { MemoryEventKind } from '../../src/common/memoryEvents';
import { clock, digitsFor, roundStep, second } from '../../src/webview/timeline/clock';
import { bucketsFor } from '../../src/webview/timeline/eventCounts';
import { Playhead } from '../../src/webview/timeline/playhead';
import { TimeWindow } from '../../src/webview/timeline/timeWindow';
import { makeRandomIntegers } from '../support/random';

const since = Date.UTC(2026, 4, 6, 7, 4, 0) * 1000;
const kinds = Object.keys(groupOfKind) as MemoryEventKind[];

describe('the timeline of the page map', () => {
    it('has each kind of event in one row, and failed calls in one more', () => {
        const counted = (of: readonly MemoryEventKind[], first: number): EventCounts => {
            const words = new Uint32Array(of.length * 2).map((_, i) => first + i);
            return { kinds: of, buckets: 2, counts: new Uint8Array(words.buffer) };
        };
        const sums = sumOfGroups(counted(kinds, 1), counted(['punch', 'attributes'], 100));
        assert.equal(sums.length, eventGroups.length * 2);
        const rowOf = (name: string) => eventGroups.findIndex((group) => group.name === name) * 2;
        const failed = rowOf('Failed calls');
        assert.deepEqual([...sums.subarray(failed, failed + 2)], [202, 204]);
        const rest = sums.filter((_, i) => i !== failed && i !== failed + 1).reduce((a, b) => a + b, 0);
        assert.equal(rest, (kinds.length * 2 * (kinds.length * 2 + 1)) / 2, 'none is left out and none is counted twice');
        assert.deepEqual([...sums.subarray(rowOf('Memslots'), rowOf('Memslots') + 2)], [1, 2]);
    });

    it('writes times so that the steps of its clock differ', () => {
        for (const least of [1, 3, 40, 999, 5e4, 3e5, 0.9 * second, 7 * second, 61 * second, 5000 * second]) {
            const step = roundStep(least);
            assert.ok(step >= least);
            const first = Math.ceil(since / step) * step;
            assert.notEqual(clock(first, digitsFor(step)), clock(first + step, digitsFor(step)), `${step} µs`);
        }
    });

    it('zooms around a place, which stays where it is, and never leaves the recording', () => {
        const random = makeRandomIntegers();
        const window = new TimeWindow();
        const now = since + 3600 * second;
        window.setRecording(since, now);
        for (let i = 0; i < 500; i++) {
            const { from, to } = window;
            const time = from + random(1000) * ((to - from) / 1000);
            const part = (time - from) / (to - from);
            const factor = [0.5, 0.8, 1.3, 2][random(4)] ?? 1;
            window.zoom(factor, time);
            assert.ok(window.from >= since - 1 && window.to <= now + 1);
            const isInside = window.from > since && window.to < now;
            if (isInside) assert.ok(Math.abs((time - window.from) / (window.to - window.from) - part) < 0.01, 'the place has not moved');
        }
    });

    it('follows now at its end, and stays where it was moved to', () => {
        const window = new TimeWindow();
        window.setRecording(since, since + 100 * second);
        window.zoom(0.1, since + 100 * second);
        window.setRecording(since, since + 200 * second);
        assert.deepEqual([window.from, window.to], [since + 190 * second, since + 200 * second]);
        window.pan(-50 * second);
        window.setRecording(since, since + 300 * second);
        assert.deepEqual([window.from, window.to], [since + 140 * second, since + 150 * second]);
        window.reveal(since + 20 * second);
        assert.equal(window.from, since + 20 * second);
        window.setRecording(since + 400 * second, since + 401 * second);
        assert.equal(window.from, since + 400 * second, 'another recording is seen from its begin');
    });

    it('counts in parts that lie the same wherever the window begins', () => {
        const [one, other] = [0, 1234].map((by) => bucketsFor({ from: since + by, to: since + by + 60 * second }, 400));
        assert(one !== undefined && other !== undefined);
        const step = (one.to - one.from) / one.buckets;
        assert.equal((other.to - other.from) / other.buckets, step);
        assert.equal((other.from - one.from) % step, 0);
        assert.ok(one.from <= since && one.to >= since + 60 * second && one.buckets <= 402);
    });

    it('asks for the newest time only, when the one before is drawn, and for now at once', () => {
        const asked: (number | null)[] = [];
        let isDrawn = true;
        const playhead = new Playhead({ ask: (time) => asked.push(time), changed: () => undefined }, () => isDrawn);
        for (const time of [1, 2, 3]) playhead.wish(time);
        assert.deepEqual(asked, [1]);
        isDrawn = false;
        playhead.receive(1, false);
        assert.deepEqual(asked, [1], 'its pages are not there yet');
        playhead.wish(4);
        isDrawn = true;
        playhead.goOn();
        assert.deepEqual(asked, [1, 4]);
        playhead.wish(null);
        assert.deepEqual(asked, [1, 4, null]);
        playhead.receive(null, false);
        playhead.goOn();
        assert.deepEqual(asked, [1, 4, null]);
        playhead.wish(5);
        playhead.receive(null, true);
        assert.equal(playhead.wished, null, 'what could not be shown is not asked for again');
        assert.deepEqual(asked, [1, 4, null, 5]);
    });
});
