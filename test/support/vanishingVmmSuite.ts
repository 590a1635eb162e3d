/** A VMM that is killed at random instants while an agent reads it over and over. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestmemError } from '../../src/common/errors';
import { AgentProcess } from './agentProcess';
import { DemoVmm } from './demoVmm';
import { makeRandom } from './random';
import { requireKvm, requireRoot } from './requirements';

const gone = /^(no-such-process|no-such-vm|not-a-vmm)$/;

export function describeVanishingVmm(words: readonly string[], rounds: number): void {
    describe(`a VMM that is killed while an agent reads it: ${words.join(' ')}`, function () {
        this.timeout(180_000);
        before(function () {
            requireRoot(this);
            requireKvm(this);
        });

        it('is told whole, and then as one that has ended', async () => {
            const agent = new AgentProcess();
            const read = async (vm: string, count: number) =>
                count % 2 === 0 ? agent.request('map', { vm, addressSpace: 0 }) : agent.request('show', { vm });
            const random = makeRandom();
            let duration = 0;
            let answers = 0;
            const codes: string[] = [];
            for (let round = 0; round < rounds; round++) {
                const vmm = await DemoVmm.start(words);
                await read(vmm.id, 0); // The first one loads the BPF programs.
                const begin = performance.now();
                await read(vmm.id, 0);
                duration = Math.max(duration, performance.now() - begin);

                const killed = sleep(random() * 2 * duration).then(() => vmm.kill());
                for (let count = 0; codes.length === round; count++) {
                    try {
                        await read(vmm.id, count);
                        answers++;
                    } catch (thrown) {
                        assert.ok(thrown instanceof GuestmemError, String(thrown));
                        assert.match(thrown.code, gone, thrown.message);
                        codes.push(thrown.code);
                    }
                }
                await killed;
                await vmm.stop();
            }
            console.log(`      ${answers} answers, then: ${codes.join(' ')}`);
            assert.equal(await agent.end(), 0);
            assert.equal(await agent.complaints, '');
        });
    });
}
