// What `npm test` runs: each folder under test/ that has tests is a suite, and its name says what it needs. The tests of
// test/stock are a suite for each of Debian's kernels, stock-NAME; those of test/stock/NAME run on that kernel alone.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildTestModule } from '../buildTestModule.mjs';
import { fetchStockKernel, stockKernelNames } from '../fetchStockKernel.mjs';
import { Failure, log, root } from './run.mjs';
import { asRoot } from './systemPackages.mjs';

// Milliseconds. They only end what hangs: an emulated machine on a busy host is slow.
const suiteTimeout = 40 * 60_000;
const testTimeout = 180_000;
const emulatedTestTimeout = 600_000;

// A page of 1 GiB is taken while the machine boots, or never; in less memory there is none that lies aligned. Two NUMA
// nodes, for tests of on which of them a page is.
const largeWithTwoNodes = { memory: '5G', kernelArguments: ['hugepagesz=1G', 'hugepages=1', 'numa=fake=2'] };

const kinds = {
    unit: { run: onHost },
    native: { run: asRootOnHost, missing: noRoot },
    kvm: { run: asRootOnHost, missing: () => noRoot() ?? noKvm() },
    nested: { run: inMachineWithPrivateMemory, missing: noTestKernel },
    ...Object.fromEntries(stockKernelNames.map((name) => [`stock-${name}`, onStockKernel(name)])),
    extension: { run: inExtensionHost, missing: noChromium },
    ui: { run: onHost, missing: () => noChromium() ?? noRoot() ?? noKvm() },
};

/** The test files in a folder of test/, relative to it; what was compiled from a file that is gone does not count. */
const testFilesIn = (folder) =>
    existsSync(join(root, 'test', folder))
        ? readdirSync(join(root, 'test', folder), { recursive: true }).filter((name) => name.endsWith('.test.ts'))
        : [];

/** Those above must be there; a folder beside them needs nothing special. */
const otherSuites = readdirSync(join(root, 'test')).filter((name) => !(name in kinds) && name !== 'stock' && testFilesIn(name).length > 0);
export const suiteNames = [...Object.keys(kinds), ...otherSuites];

/** { passed, failures, skips }: a number and two arrays of lines. A suite that ran no test has failed. */
export async function runSuite(suite) {
    const { run, missing, source = suite, isFor = () => true } = kinds[suite] ?? { run: onHost };
    const files = testFilesIn(source).filter(isFor);
    if (files.length === 0) return { passed: 0, failures: [`${suite}: no test was found in test/${source}`], skips: [] };
    const reason = missing?.();
    if (reason !== undefined) return { passed: 0, failures: [], skips: files.map((file) => `${suite}/${file}: ${reason}`) };

    const folder = mkdtempSync(join(tmpdir(), 'guestmem-test-'));
    try {
        const compiled = files.map((file) => join('out/test', source, file.replace(/\.ts$/, '.cjs')));
        return sum(suite, await run(compiled, folder));
    } catch (error) {
        return { passed: 0, failures: [`${suite}: ${error.message}`], skips: [] };
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

const mocha = (results, timeout, files) => [
    // --exit: a VMM that a failed test left behind must not hold the run; it ends with the process (DemoVmm).
    ...['node_modules/mocha/bin/mocha.js', '--forbid-only', '--exit', '--timeout', timeout],
    ...['--reporter', 'test/support/reporter.cjs', '--reporter-option', `output=${results}`, ...files],
];

/** Each of these runs compiled test files and gives an array of what readResults gives. */
function onHost(files, folder, prefix = []) {
    const results = join(folder, 'results.json');
    const [command, ...words] = [...prefix, process.execPath, ...mocha(results, testTimeout, files)];
    return [spawnTests(command, words, results)];
}

const ownEnvironment = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('GUESTMEM_')));

function asRootOnHost(files, folder) {
    const sudo = asRoot();
    return onHost(files, folder, sudo.length === 0 ? [] : [...sudo, 'env', `PATH=${process.env.PATH}`, ...Object.entries(ownEnvironment()).map(([name, value]) => `${name}=${value}`)]);
}

/**
 * One machine, booted with `options`, for all files; those named *.last.test.ts change it for good and run last, and those
 * named *.host.test.ts look at such a machine from outside.
 */
async function inNestedMachine(files, folder, options) {
    const outside = files.filter((file) => file.endsWith('.host.test.cjs'));
    const last = files.filter((file) => file.endsWith('.last.test.cjs'));
    const inside = [...files.filter((file) => !outside.includes(file) && !last.includes(file)), ...last];
    const { NestedMachine } = await import(pathToFileURL(join(root, 'out/test/support/nestedMachine.cjs')).href);
    const command = [process.execPath, ...mocha('/out/results.json', emulatedTestTimeout, inside)].join(' ');
    const environment = ownEnvironment();
    const machine = new NestedMachine({ command, environment, timeout: suiteTimeout, ...options });
    try {
        const { stdout, stderr, status } = await machine.result();
        process.stdout.write(stdout + stderr);
        const results = readResults(join(machine.out, 'results.json'), status);
        return outside.length === 0 ? [results] : [results, ...onHost(outside, folder)];
    } finally {
        await machine.close();
    }
}

async function inMachineWithPrivateMemory(files, folder) {
    // Under emulation the compiler would take minutes.
    const { buildPrograms } = await import(pathToFileURL(join(root, 'out/test/support/injection.cjs')).href);
    await buildPrograms();
    return inNestedMachine(files, folder, largeWithTwoNodes);
}

/** The suite of test/stock on one of Debian's kernels. */
function onStockKernel(name) {
    return {
        source: 'stock',
        isFor: (file) => [name, '.'].includes(dirname(file)),
        run: (files, folder) => {
            const machine = fetchStockKernel(name);
            if (name === '6.1') buildModuleFor(machine);
            return inNestedMachine(files, folder, machine);
        },
    };
}

/** Without the headers of this very kernel, which Debian drops for newer ones, its tests say that there is no module. */
function buildModuleFor({ kernel }) {
    try {
        buildTestModule(kernel);
    } catch (error) {
        if (!(error instanceof Failure)) throw error;
        log(`no module for ${kernel}: ${error.message}`);
    }
}

/** Files named *.untrusted.test.ts run in a window whose folder is not trusted. */
function inExtensionHost(files, folder) {
    const untrusted = files.filter((file) => file.endsWith('.untrusted.test.cjs'));
    const trusted = files.filter((file) => !untrusted.includes(file));
    return Object.entries({ trusted, untrusted })
        .filter(([, some]) => some.length > 0)
        .map(([trust, some]) => {
            const results = join(folder, `${trust}.json`);
            return spawnTests(process.execPath, ['out/test/support/runExtensionTests.cjs', trust, results, ...some], results);
        });
}

function spawnTests(command, words, results) {
    const { error, status, signal } = spawnSync(command, words, { cwd: root, stdio: 'inherit', timeout: suiteTimeout });
    if (error) throw error;
    return readResults(results, status ?? signal);
}

/** mocha's JSON; an end that it does not explain is a failure, too. */
function readResults(path, ended) {
    if (!existsSync(path)) throw new Error(`the tests ended (${ended}) without a result`);
    const results = JSON.parse(readFileSync(path, 'utf8'));
    if (ended !== 0 && results.failures.length === 0) throw new Error(`the tests ended (${ended}) although none had failed`);
    return results;
}

function sum(suite, parts) {
    const all = (key) => parts.flatMap((part) => part[key]);
    const passed = all('passes').length;
    // The whole message stands above, where the suite ran.
    const summary = ({ message }) => String(message).split('\n').slice(0, 10).join('\n    ');
    const failures = all('failures').map(({ fullTitle, err }) => `${suite}: ${fullTitle}\n    ${summary(err)}`);
    const skips = all('pending').map(({ fullTitle }) => `${suite}: ${fullTitle}`);
    if (passed + failures.length + skips.length === 0) failures.push(`${suite}: no test ran`);
    return { passed, failures, skips };
}

function noRoot() {
    return asRoot() === undefined ? 'reading KVM state needs root, and sudo asks for a password' : undefined;
}

function noKvm() {
    try {
        accessSync('/dev/kvm', asRoot() === undefined ? constants.R_OK | constants.W_OK : constants.F_OK);
        return undefined;
    } catch (error) {
        return `/dev/kvm cannot be opened (${error.code})`;
    }
}

function noChromium() {
    return existsSync('/usr/bin/chromium') ? undefined : 'there is no /usr/bin/chromium (package chromium)';
}

function noTestKernel() {
    return process.env.GUESTMEM_TEST_KERNEL === undefined
        ? 'no kernel with private memory: GUESTMEM_TEST_KERNEL is not set, none is in the cache, and GUESTMEM_SKIP_KERNEL_BUILD forbids building one'
        : undefined;
}
