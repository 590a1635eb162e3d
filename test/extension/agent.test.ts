import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as vscode from 'vscode';
import { GuestmemError } from '../../src/common/errors';
import { AgentClient } from '../../src/extension/connection/agentClient';
import type { GuestmemApi } from '../../src/extension/extension';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { guestmem, Person, refOf, run, setSetting } from './extensionHost';

/** Children of this extension host, zombies not counted. */
function children(): { readonly pid: number; readonly command: string }[] {
    return readdirSync('/proc').flatMap((name) => {
        if (!/^\d+$/.test(name)) return [];
        try {
            // After the name in parentheses: state, parent.
            const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
            if (Number(parent) !== process.pid || state === 'Z') return [];
            return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
        } catch {
            return []; // It ended while it was looked at.
        }
    });
}
const agents = () => children().filter(({ command }) => command.includes('dist/agent.js'));
const isRunning = (pid: number) => children().some((child) => child.pid === pid);

describe('agent', () => {
    const vmm = suiteVmm();
    let api: GuestmemApi;
    let person: Person;

    before(async () => {
        api = await guestmem();
        await api.store.activate(refOf(vmm()));
    });
    const activeId = () => api.store.active?.ref.id;
    beforeEach(() => (person = new Person()));
    afterEach(async () => {
        person.leave();
        await setSetting('guestmem.agent.command', undefined);
        await until('the agent works again', async () => {
            await api.store.refresh();
            return api.store.stateOf('').kind === 'ready';
        });
    });

    it('runs once, in /, with an environment that holds nothing of this window', () => {
        const [agent, ...others] = agents();
        assert(agent !== undefined);
        assert.deepEqual(others, []);
        const environment = readFileSync(`/proc/${agent.pid}/environ`, 'utf8').split('\0');
        assert.deepEqual(environment.filter((entry) => /^(VSCODE|GUESTMEM|NODE|MOCHA)/.test(entry)), []);
    });

    it('is the default one, and a warning tells so, when the setting has the wrong form', async () => {
        await setSetting('guestmem.agent.command', 'node' as unknown as string[]);
        await until('it is told', () => person.messages.length > 0);
        assert.match(person.onlyMessage.text, /guestmem\.agent\.command is not of the form/);
        assert.deepEqual(person.onlyMessage.buttons, ['Open Setting']);
        await api.store.refresh();
        assert.equal(api.store.stateOf('').kind, 'ready');
    });

    it('that is killed leaves a failed state, and a restart brings everything back', async () => {
        for (const { pid } of agents()) process.kill(pid, 'SIGKILL');
        await until('the end is noticed', () => api.store.stateOf('').kind === 'failed');
        assert.equal(activeId(), undefined);
        assert.match(person.onlyMessage.text, /ended \(signal SIGKILL\)/);
        assert.ok(person.onlyMessage.buttons.includes('Restart Agent'));
        await run('guestmem.agent.restart');
        assert.equal(activeId(), vmm().id);
    });

    it('that is missing is named in a message with the buttons that help', async () => {
        await setSetting('guestmem.agent.command', ['/no/such/agent']);
        await run('guestmem.agent.restart');
        assert.match(person.onlyMessage.text, /there is no program '\/no\/such\/agent'/);
        assert.deepEqual(person.onlyMessage.buttons, ['Restart Agent', 'Open Setting', 'Show Log']);
    });

    it('that speaks garbage is named in a message, and is not left running', async () => {
        await setSetting('guestmem.agent.command', ['sh', '-c', "printf 'hello\\r\\n\\r\\n'; exec sleep 1000"]);
        await run('guestmem.agent.restart');
        assert.match(person.onlyMessage.text, /does not speak the agent's protocol/);
        assert.ok(person.onlyMessage.buttons.includes('Open Setting'));
        await until('it was ended', () => !children().some(({ command }) => command.startsWith('sleep 1000')));
    });

    it('that writes lines is found out without waiting', async () => {
        await setSetting('guestmem.agent.command', ['sh', '-c', 'echo Welcome to this machine; exec sleep 1001']);
        await run('guestmem.agent.restart');
        assert.match(person.onlyMessage.text, /does not speak the agent's protocol \(Welcome to this machine\)/);
        await until('it was ended', () => !children().some(({ command }) => command.startsWith('sleep 1001')));
    });

    it('that crashes is named with the line that says why', async () => {
        await setSetting('guestmem.agent.command', ['${node}', '/no/such/agent.js']);
        await run('guestmem.agent.restart');
        assert.match(person.onlyMessage.text, /said: Error: Cannot find module '\/no\/such\/agent\.js'/);
    });

    it('that ends at once is named with what it said', async () => {
        await setSetting('guestmem.agent.command', ['sh', '-c', 'echo a password is required >&2; exit 1']);
        await run('guestmem.agent.restart');
        assert.match(person.onlyMessage.text, /ended \(exit code 1\) and said: a password is required/);
    });
});

describe('agent client', () => {
    const log = () => vscode.window.createOutputChannel('Guestmem test', { log: true });
    const client = (...command: string[]) => new AgentClient(command, resolve('dist/agent.js'), log());
    const isAgentError = (error: unknown) => error instanceof GuestmemError && error.code === 'agent';

    it('rejects what is pending when the agent ends', async () => {
        const agent = client('${node}', '${agent}');
        const { pid } = await agent.restart();
        process.kill(pid, 'SIGSTOP');
        const pending = [agent.request('vms', {}), agent.request('doctor', {})];
        process.kill(pid, 'SIGKILL');
        for (const request of pending) await assert.rejects(request, isAgentError);
        await agent.stop();
    });

    it('ends an agent that hangs, and rejects what is pending', async () => {
        const agent = new AgentClient(['${node}', '${agent}'], resolve('dist/agent.js'), log(), {}, 300);
        const { pid } = await agent.restart();
        process.kill(pid, 'SIGSTOP');
        await assert.rejects(agent.request('vms', {}), (error) => isAgentError(error) && /did not answer any more/.test(String(error)));
        assert.equal(isRunning(pid), false);
        await agent.stop();
    });

    it('starts the agent again by itself, after a pause', async () => {
        const agent = client('${node}', '${agent}');
        const { pid } = await agent.restart();
        process.kill(pid, 'SIGKILL');
        await until('its end is noticed', () =>
            agent.request('vms', {}).then(
                () => false,
                () => true,
            ),
        );
        await until('it is back', () =>
            agent.request('vms', {}).then(
                () => true,
                () => false,
            ),
        );
        await agent.stop();
    });

    it('leaves no process behind, whether or not it obeys', async () => {
        const obedient = client('${node}', '${agent}');
        const { pid } = await obedient.restart();
        await obedient.stop();
        assert.equal(isRunning(pid), false);

        const stubborn = client('sh', '-c', "trap '' TERM; while :; do sleep 0.2; done");
        const answer = assert.rejects(stubborn.request('vms', {}), isAgentError);
        await until('it runs', () => children().some(({ command }) => command.includes("trap ''")));
        await stubborn.stop();
        await answer;
        assert.ok(!children().some(({ command }) => command.includes("trap ''")));
    });
});
