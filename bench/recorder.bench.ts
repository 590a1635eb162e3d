/**
 * What it costs to record, and how much can be recorded: a VMM that does nothing but make events, beside the bare machine
 * in the same run. Needs /dev/kvm with guest_memfd, and root.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EventFilter } from '../src/common/eventMethods';
import { compileFixture } from '../test/native/fixtures';
import { AgentProcess } from '../test/support/agentProcess';

interface CallTimes {
    readonly getpid: number;
    readonly unrecordedIoctl: number;
    readonly recordedIoctl: number;
}
interface Churned {
    readonly seconds: number;
    readonly calls: number;
    readonly pages: number;
    readonly guestMemfds: number;
}

const made: EventFilter = { kinds: ['guest-memfd', 'allocate', 'punch', 'pages-added', 'pages-removed'], range: null, failed: false, times: null };

/** Seconds of processor time that a process has had, of 10 ms each. */
function processorTime(pid: number): number {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
}

const child = spawn(compileFixture('busy_vmm.c', '-pthread'), { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const line = async () => String((await lines.next()).value);
const ask = async <Answer>(order: string): Promise<Answer> => {
    child.stdin.write(`${order}\n`);
    return JSON.parse(await line()) as Answer;
};
const vm = `${child.pid ?? 0}:${await line()}`;
const agent = new AgentProcess(['dist/agent.js'], 300_000);
const calls = () => ask<CallTimes>('calls 400000');

const bare = await calls();
const { recording } = await agent.request('startRecording', { vm });
const watched = await calls();
await agent.request('closeRecording', { recording });
const after = await calls();
for (const [name, aim] of [['getpid'], ['unrecordedIoctl', 1000], ['recordedIoctl', 1000]] as const) {
    const added = watched[name] - Math.min(bare[name], after[name]);
    const verdict = aim === undefined ? '' : `; aim ${aim} ns ${added <= aim ? 'met' : 'MISSED'}`;
    console.log(`${name}: ${bare[name]} ns, ${watched[name]} ns while watched (${added.toFixed(0)} more), ${after[name]} ns after${verdict}`);
}

for (const threads of [1, 2]) {
    const alone = await ask<Churned>(`pages 3 ${threads}`);
    const { recording } = await agent.request('startRecording', { vm });
    const idle = processorTime(agent.child.pid ?? 0);
    const churned = await ask<Churned>(`pages 3 ${threads}`);
    const { events, lost, bytes } = await agent.request('stopRecording', { recording });
    const busy = processorTime(agent.child.pid ?? 0) - idle;
    const { total } = await agent.request('listEvents', { recording, filter: made, first: 0, most: 0 });
    // Each call, and each page that it allocates or punches; and the making of the files.
    const expected = churned.calls + churned.pages + churned.guestMemfds;
    const rate = expected / churned.seconds;
    const bare = (alone.calls + alone.pages) / alone.seconds;
    console.log(
        `${threads} threads: ${expected.toLocaleString('en')} events, ${(rate / 1e6).toFixed(2)} million each second ` +
            `(unrecorded there would be ${(bare / 1e6).toFixed(2)}); ${lost.toLocaleString('en')} lost, ` +
            `${(expected - total - lost).toLocaleString('en')} missing without a word; ${(bytes / events).toFixed(1)} bytes and ` +
            `${((busy * 1e9) / events).toFixed(0)} ns of the agent each; ` +
            `aim 1 million, none lost: ${rate >= 1e6 && lost === 0 ? 'met' : 'MISSED'}`,
    );
    await agent.request('closeRecording', { recording });
}
child.stdin.end();
await agent.end();
