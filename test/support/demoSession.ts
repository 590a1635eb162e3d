/**
 * What `npm run demo` shows: the demo VMM and a VS Code with the packaged extension installed, ready to look at it; where
 * this host's KVM has no private memory, also an emulated machine whose KVM has, as a second place.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CodeServer } from './codeServer';
import { DemoVmm, demoProgram } from './demoVmm';
import { NestedMachine } from './nestedMachine';

export interface DemoOptions {
    readonly extensionPackage: string;
    /** What comes before a command that needs root: nothing, or sudo. */
    readonly asRoot: readonly string[];
    /** A kernel whose KVM has private memory, for hosts without. */
    readonly testKernel: string | undefined;
    readonly say: (line: string) => void;
}

/** The name of the place inside the emulated machine. */
export const emulatedPlace = 'emulated machine';

export class DemoSession {
    private readonly closers: (() => Promise<void> | void)[] = [];
    private serverStarted: CodeServer | undefined;
    /** A folder with a log that names guest physical addresses. */
    readonly folder = mkdtempSync(join(tmpdir(), 'guestmem-demo-'));
    /** A VM has private memory, on this host or in the emulated machine. */
    hasPrivateMemory = false;
    /** That VM is in the emulated machine. */
    isEmulated = false;

    static async start(options: DemoOptions): Promise<DemoSession> {
        const session = new DemoSession();
        try {
            await session.startAll(options);
            return session;
        } catch (error) {
            await session.close();
            throw error;
        }
    }

    get server(): CodeServer {
        if (this.serverStarted === undefined) throw new Error('VS Code has not been started.');
        return this.serverStarted;
    }

    /** Ends what was started, the last first. */
    async close(): Promise<void> {
        for (const close of this.closers.reverse()) await close();
    }

    private async startAll(options: DemoOptions): Promise<void> {
        this.closers.push(() => rmSync(this.folder, { recursive: true, force: true }));
        // The VMM dies with this process, also when that is killed.
        const through = [...options.asRoot, 'setpriv', '--pdeathsig', 'KILL'];
        const start = async (...words: string[]) => {
            const vmm = await DemoVmm.start(words, { through, quiet: true });
            this.closers.push(() => vmm.stop());
            return vmm;
        };
        const vmm = await start('--name', 'demo');
        this.hasPrivateMemory = await start('--type', 'sw-protected', '--name', 'demo-private').then(
            () => true,
            () => false,
        );
        const places: Record<string, string[]> = {};
        if (!this.hasPrivateMemory) {
            if (options.testKernel === undefined) {
                options.say(
                    "This host's KVM has no private memory, so that nothing can be converted here. For an emulated machine " +
                        "whose KVM has, run 'node scripts/buildTestKernel.mjs' once or set GUESTMEM_TEST_KERNEL.",
                );
            } else {
                options.say("This host's KVM has no private memory: starting an emulated machine whose KVM has.");
                places[emulatedPlace] = await this.startEmulated(options.testKernel);
            }
        }
        writeFileSync(join(this.folder, 'vmm.log'), sampleLog(vmm));
        this.serverStarted = await CodeServer.start({
            extensionPackage: options.extensionPackage,
            settings: { 'workbench.colorTheme': 'Dark Modern' },
            machineSettings: {
                'guestmem.agent.command': [...options.asRoot, '${node}', '${agent}'],
                'guestmem.allowChanges': true,
                'guestmem.places': places,
            },
        });
        this.closers.push(() => this.server.close());
    }

    /** Gives the command that reaches the agent inside. */
    private async startEmulated(kernel: string): Promise<string[]> {
        const vmm = `${demoProgram} --type sw-protected --name demo-private`;
        const machine = new NestedMachine({ kernel, command: `${vmm} >/dev/null & sh scripts/nested/serveAgent.sh` });
        this.closers.push(() => machine.close());
        await machine.agentReady();
        this.isEmulated = true;
        this.hasPrivateMemory = true;
        return ['${node}', resolve('scripts/nested/relay.mjs'), machine.agentSocket];
    }
}

/** Lines as VMMs write them, about the demo VMM's own memory. */
function sampleLog(vmm: DemoVmm): string {
    const lines = vmm.report.memslots.map(
        ({ id, gpa, size, kind }) => `vmm: memslot ${id} (${kind}) gpa=${gpa} size=${size}`,
    );
    const [slot] = vmm.report.memslots.filter(({ kind }) => kind === 'memfd');
    const fault = `vmm: vcpu 0 wrote to gpa ${slot?.gpa ?? '0x1000'}`;
    return ['Rest the mouse on a guest physical address.', '', ...lines, fault, ''].join('\n');
}
