/**
 * Starts an agent: the command line of a setting, run without a shell, in `/`, with an environment that holds only what
 * a login would, so that nothing of this window reaches a program that may run as root. The agent ends when its stdin
 * ends; what it writes to stderr goes to the log.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { LogOutputChannel } from 'vscode';
import type { CommandLine } from '../../common/manifest';

/** `ssh`, `kubectl` and `docker` find their agents, configurations and sockets through the last group. */
const keptVariables = [
    ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ'],
    ...['SSH_AUTH_SOCK', 'KUBECONFIG', 'DOCKER_HOST', 'XDG_RUNTIME_DIR'],
];

/** Time between the end of stdin and SIGTERM, and between SIGTERM and SIGKILL. */
const graceMs = 1500;
const lastWordsLength = 4000;
/** What a runtime adds to its message: frames of the stack, the line of code, its own version. */
const decoration = /^(at |node:|Node\.js v|[\^{}]|throw |code: |requireStack: |\[|\]|- )/;

/** The line of a crash that says what is wrong: the error's own, else the last that is no decoration. */
export function tellingLine(text: string): string {
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    const telling = lines.filter((line) => line !== '' && !decoration.test(line));
    return telling.findLast((line) => /^(Uncaught )?\w*(Error|Exception)\b.*:/.test(line)) ?? telling.at(-1) ?? '';
}

/** Replaces `${node}` and `${agent}`; an argument that is exactly `${node}` may become several. */
export function expandCommand(command: CommandLine, agentPath: string): string[] {
    // In a desktop VS Code this process is Electron, which is a Node only when told so; sudo and ssh strip the
    // environment, hence `env` in the command line itself.
    const node = process.versions.electron === undefined ? [process.execPath] : ['env', 'ELECTRON_RUN_AS_NODE=1', process.execPath];
    return command.flatMap((part) =>
        part === '${node}' ? node : [part.replaceAll('${node}', process.execPath).replaceAll('${agent}', agentPath)],
    );
}

function cleanEnvironment(): NodeJS.ProcessEnv {
    return Object.fromEntries(keptVariables.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

export class AgentProcess {
    private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
    private words = '';
    private stopping: Promise<void> | undefined;
    /** Resolves once the process is gone, or could not be started, with how: "exit code 1", "signal SIGKILL", "ENOENT". */
    readonly ended: Promise<{ readonly how: string; readonly notStarted: boolean }>;

    /** `command` is expanded. */
    constructor(
        readonly command: readonly string[],
        log: LogOutputChannel,
    ) {
        const [program = '', ...parameters] = command;
        this.child = spawn(program, parameters, { cwd: '/', env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
        this.ended = new Promise((resolve) => {
            this.child.once('error', (error: NodeJS.ErrnoException) => {
                if (this.child.pid === undefined) resolve({ how: error.code ?? error.message, notStarted: true });
            });
            // `close` comes after the last of stderr, which says why it ended.
            this.child.once('close', (code, signal) =>
                resolve({ how: signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`, notStarted: false }),
            );
        });
        // A write to an agent that has just ended fails with EPIPE; `ended` tells it.
        this.child.stdin.on('error', (error) => log.debug(`stdin of the agent: ${error.message}`));
        this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
            log.info(`agent: ${text.trimEnd()}`);
            this.words = (this.words + text).slice(-lastWordsLength);
        });
    }

    get stdin(): Writable {
        return this.child.stdin;
    }

    get stdout(): Readable {
        return this.child.stdout;
    }

    /** What it said last on stderr, in one line. */
    get lastWords(): string {
        return tellingLine(this.words);
    }

    /** Ends its stdin and waits for it; one that does not obey is killed. */
    stop(): Promise<void> {
        this.stopping ??= this.endOrKill();
        return this.stopping;
    }

    private async endOrKill(): Promise<void> {
        this.child.stdin.end();
        const timers = (['SIGTERM', 'SIGKILL'] as const).map((signal, index) =>
            setTimeout(() => this.child.kill(signal), graceMs * (index + 1)),
        );
        // A descendant that kept the pipes open would hold back `close`.
        const reading = setTimeout(() => this.closePipes(), graceMs * 2.5);
        await this.ended;
        for (const timer of [...timers, reading]) clearTimeout(timer);
    }

    private closePipes(): void {
        this.child.stdout.destroy();
        this.child.stderr.destroy();
    }
}
