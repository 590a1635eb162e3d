/** The command line: what verbs there are, and how an error leaves the program. */
import { Command, CommanderError, Option } from 'commander';
import { description, version } from '../../../package.json';
import { exitStatus, GuestmemError, toGuestmemError, type ErrorCode } from '../../common/errors';
import { accountVerb, type AccountOptions } from './accountVerb';
import { endWithAgent } from './agentVerb';
import {
    allocationVerb,
    changesVerb,
    convertVerb,
    logDirtyPagesVerb,
    preFaultVerb,
    undoVerb,
    writeVerb,
    type ChangeOptions,
    type LogDirtyPagesOptions,
    type PreFaultOptions,
} from './changeVerbs';
import { findingsVerb } from './findingsVerb';
import { explainVerb, type ExplainOptions } from './explainVerb';
import { makeHandlers } from '../handlers';
import { print } from './output';
import { Pace } from '../pace';
import { escapeText, toJson } from './render/text';
import {
    compareVerb,
    mapFileVerb,
    ofVmOrFile,
    showFileVerb,
    snapshotVerb,
    type CompareOptions,
    type FileOptions,
    type SnapshotOptions,
} from './snapshotVerbs';
import {
    doctorVerb,
    mapVerb,
    readVerb,
    showVerb,
    vmsVerb,
    type MapOptions,
    type OutputOptions,
    type ReadOptions,
    type VerbContext,
} from './verbs';
import { watchVerb, type WatchOptions } from './watchVerb';

/** Resolves with the exit status; everything that was said has been written by then. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
    const cancellation = new AbortController();
    const context: VerbContext = { handlers: makeHandlers(), pace: new Pace(cancellation.signal), signal: cancellation.signal };
    try {
        const program = makeProgram(context);
        // Ctrl-C and its like stop between two pieces of work, so that a change that was begun is reported with what was done.
        program.hook('preAction', (_, action) => {
            if (action.name() === 'agent') return;
            for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => cancellation.abort());
        });
        await program.parseAsync(args, { from: 'user' });
        return 0;
    } catch (thrown) {
        return await tellError(thrown, args.includes('--json'));
    }
}

function makeProgram(context: VerbContext): Command {
    const program = new Command('guestmem')
        .description(description)
        .version(version)
        .exitOverride()
        .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
        .configureHelp({ showGlobalOptions: true });
    const json = () => new Option('--json', 'print JSON, as schema/ describes it');
    const vm = ['<vm>', 'PID when it has one VM, else PID:FD (PID:0xHVA of one that only a mapping keeps), as `guestmem vms` lists them'] as const;

    const vmOrFile = ['[vm]', vm[1]] as const;
    const file = () => new Option('--file <file>', 'of a snapshot instead of a VM: no VM and no privilege is needed').conflicts(['range', 'accessed']);

    program
        .command('doctor')
        .description('what this host permits, what is missing and how to get it')
        .addOption(json())
        .action((options: OutputOptions) => doctorVerb(context, options));
    program
        .command('vms')
        .description('the running VMs')
        .addOption(json())
        .action((options: OutputOptions) => vmsVerb(context, options));
    program
        .command('show')
        .description('memslots, guest_memfds and vCPUs of a VM')
        .argument(...vmOrFile)
        .addOption(file())
        .addOption(json())
        .action((id: string | undefined, options: OutputOptions & FileOptions) =>
            ofVmOrFile(id, options, (named) => showVerb(context, named, options), (path) => showFileVerb(context, path, options)),
        );
    program
        .command('map')
        .description('the state of every page')
        .argument(...vmOrFile)
        .addOption(file())
        .option('--address-space <n>', 'another address space than 0 (1 is SMM)', '0')
        .option('--range <gpa+size>', 'only this part, for example 0x1000+0x2000')
        .option('--accessed', 'also what the processor noted as accessed and as dirty in the guest mapping')
        .addOption(json())
        .action((id: string | undefined, options: MapOptions & FileOptions) =>
            ofVmOrFile(id, options, (named) => mapVerb(context, named, options), (path) => mapFileVerb(context, path, options)),
        );
    program
        .command('account')
        .description('where the memory of a VM is: every byte once, beside what the kernel charges')
        .argument(...vm)
        .option('--pss', 'also PSS of a large VMM: what it maps or unmaps meanwhile waits, some 80 ms for each GiB')
        .addOption(json())
        .action((id: string, options: AccountOptions) => accountVerb(context, id, options));
    program
        .command('read')
        .description('a hexdump of guest memory; holes are zeros, private memory is not read')
        .argument(...vm)
        .argument('<gpa>', 'guest physical address')
        .argument('<size>', 'in bytes')
        .addOption(new Option('--raw', 'the bytes themselves').conflicts('json'))
        .addOption(json())
        .action((id: string, gpa: string, size: string, options: ReadOptions) => readVerb(context, id, gpa, size, options));
    addChangeVerbs(program, context, vm, json);
    addSnapshotVerbs(program, context, vm, json);
    program
        .command('explain')
        .description('everything about one address: what owns it, what backs it, what an access would come to, who holds the page')
        .argument(...vm)
        .argument('<address>', 'guest physical, or as an option says')
        .option('--address-space <n>', 'another address space than 0 (1 is SMM)', '0')
        .addOption(new Option('--hva', 'the address is host virtual, of the VMM').conflicts(['gva', 'guestMemfd', 'pfn']))
        .addOption(new Option('--gva', "the address is guest virtual, by a vCPU's page tables").conflicts(['guestMemfd', 'pfn']))
        .option('--vcpu <n>', 'with --gva: another vCPU than 0')
        .addOption(new Option('--guest-memfd <inode>', 'the address is an offset in this guest_memfd').conflicts('pfn'))
        .option('--pfn', 'the address is the number of a host physical page')
        .addOption(json())
        .action((id: string, text: string, options: ExplainOptions) => explainVerb(context, id, text, options));
    program
        .command('findings')
        .description('what is wrong, wasteful or surprising about the memory of a VM, and what helps')
        .argument(...vm)
        .addOption(json())
        .action((id: string, options: OutputOptions) => findingsVerb(context, id, options));
    program
        .command('watch')
        .description('what happens to the memory of a VM, as it happens')
        .argument(...vm)
        .option('--seconds <n>', 'for so long; else until Ctrl-C or the end of the VMM')
        .option('--jsonl', 'a line of JSON for each event, as schema/ describes it')
        .action((id: string, options: WatchOptions) => watchVerb(context, id, options));
    program
        .command('agent')
        .description('answer the VS Code extension on stdin and stdout')
        .action(endWithAgent);
    return program;
}

function addChangeVerbs(program: Command, context: VerbContext, vm: readonly [string, string], json: () => Option): void {
    const changing = (name: string, description: string) =>
        program
            .command(name)
            .description(description)
            .argument(...vm)
            .addOption(new Option('--dry-run', 'only say what would change').conflicts('yes'))
            .option('--yes', 'do not ask')
            .option('--suspend-seccomp', 'where seccomp filters forbid the change, suspend them for it; the preview tells the risk')
            .addOption(json());
    const range = ['<gpa+size>', 'for example 0x1000+0x2000'] as const;

    changing('convert', 'make guest memory private or shared, after a preview')
        .argument(...range)
        .argument('<to>', 'private or shared')
        .action((id: string, text: string, to: string, options: ChangeOptions) => convertVerb(context, id, text, to, options));
    changing('allocate', 'allocate the guest_memfd pages behind guest memory')
        .argument(...range)
        .action((id: string, text: string, options: ChangeOptions) => allocationVerb(context, 'allocate', id, text, options));
    changing('punch', 'give the guest_memfd pages behind guest memory back to the host, with what they hold')
        .argument(...range)
        .action((id: string, text: string, options: ChangeOptions) => allocationVerb(context, 'punch', id, text, options));
    changing('pre-fault', 'have KVM map guest memory before the guest touches it')
        .argument(...range)
        .option('--vcpu <n>', 'the vCPU whose thread does it, which must be outside KVM_RUN')
        .action((id: string, text: string, options: PreFaultOptions) => preFaultVerb(context, id, text, options));
    changing('write', 'write shared guest memory that exists')
        .argument('<gpa>', 'guest physical address')
        .argument('<bytes>', 'pairs of hex digits, for example 90cc')
        .action((id: string, gpa: string, bytes: string, options: ChangeOptions) => writeVerb(context, id, gpa, bytes, options));
    changing('log-dirty-pages', 'have KVM log which pages of a memslot are written, or stop it')
        .argument('<memslot>', 'its id')
        .argument('<on|off>')
        .option('--address-space <n>', 'another address space than 0 (1 is SMM)', '0')
        .action((id: string, slot: string, on: string, options: LogDirtyPagesOptions) => logDirtyPagesVerb(context, id, slot, on, options));
    changing('undo', 'take back the last change of a VM')
        .action((id: string, options: ChangeOptions) => undoVerb(context, id, options));
    program
        .command('changes')
        .description('the changes that were made from this host')
        .argument('[vm]', 'only those of this VM')
        .addOption(json())
        .action((id: string | undefined, options: OutputOptions) => changesVerb(context, id, options));
}

function addSnapshotVerbs(program: Command, context: VerbContext, vm: readonly [string, string], json: () => Option): void {
    program
        .command('snapshot')
        .description('save the state of every page to a file, which holds no guest content')
        .argument(...vm)
        .argument('<file>', 'usually NAME.gmem; - is the output')
        .option('--address-space <n>', 'only this one')
        .option('--redact', 'leave out names, paths and host virtual addresses')
        .option('--force', 'replace the file if it is there')
        .addOption(json())
        .action((id: string, path: string, options: SnapshotOptions) => snapshotVerb(context, id, path, options));
    program
        .command('compare')
        .description('what changed between two snapshots, or from a snapshot to a VM: attributes, pages, memslots')
        .argument('<before>', 'a file of `guestmem snapshot`, or a VM (a file with the name of one: ./NAME)')
        .argument('<after>', 'as before')
        .option('--address-space <n>', 'another address space than 0 (1 is SMM)', '0')
        .option('--all', 'also other changes: guest mapping, dirty, rights, page sizes')
        .addOption(json())
        .action((before: string, after: string, options: CompareOptions) => compareVerb(context, before, after, options));
}

/** Says what went wrong, once; returns the exit status. */
async function tellError(thrown: unknown, json: boolean): Promise<number> {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const error =
        thrown instanceof CommanderError
            ? new GuestmemError('usage', usageMessage(thrown))
            : toGuestmemError(thrown);
    if (json) await print(toJson({ error: error.toWire() }) + '\n');
    else process.stderr.write(`guestmem: ${escapeText(error.message)}${furtherHelp(error.code)}\n`);
    return exitStatus(error.code);
}

/** Which verb prints the list that a message speaks of: the messages themselves are read in VS Code, too. */
function furtherHelp(code: ErrorCode): string {
    switch (code) {
        case 'no-such-process':
        case 'no-such-vm':
        case 'not-a-vmm':
            return " 'guestmem vms' prints the list.";
        case 'outside-memslots':
            return " 'guestmem show' prints the list.";
        default:
            return '';
    }
}

function usageMessage({ code, message }: CommanderError): string {
    const found = code === 'commander.help' ? 'name what to do' : message.replace(/^error: /, '').replace(/\.$/, '').replaceAll('\n', ' ');
    return `Wrong usage: ${found}. 'guestmem --help' lists the verbs, 'guestmem VERB --help' the arguments.`;
}
