// `npm test [-- SUITE…]`: sets up, builds, and runs every suite that this machine can run, or those named; `stock` names
// stock-6.1 and all others that begin so. The last line is `N passed, N failed, N skipped`; what failed and why something
// was skipped stands before it.
import { spawnSync } from 'node:child_process';
import { build } from './build.mjs';
import { findTestKernel } from './buildTestKernel.mjs';
import { fetchGdb } from './fetchGdb.mjs';
import { installHarness } from './installHarness.mjs';
import { Failure, log, main, root } from './lib/run.mjs';
import { runSuite, suiteNames } from './lib/testSuites.mjs';
import { setup } from './setup.mjs';

const checks = {
    eslint: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'],
    tsc: ['node_modules/typescript/bin/tsc', '--noEmit'],
};

function lint() {
    const failures = Object.entries(checks)
        .filter(([, words]) => spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' }).status !== 0)
        .map(([name]) => `lint: ${name} complains, see above`);
    return { passed: Object.keys(checks).length - failures.length, failures, skips: [] };
}

/** Tests that need it skip without one, and say so. */
function nameGdb() {
    try {
        process.env.GUESTMEM_TEST_GDB ??= fetchGdb();
    } catch (error) {
        if (!(error instanceof Failure)) throw error;
        log(`no gdb with a debug adapter: ${error.message}`);
    }
}

await main(async () => {
    const known = ['lint', ...suiteNames];
    const named = process.argv.slice(2);
    const suitesOf = (name) => known.filter((suite) => suite === name || suite.startsWith(`${name}-`));
    const unknown = named.filter((name) => suitesOf(name).length === 0);
    if (unknown.length > 0) throw new Failure(`there is no suite ${unknown.join(', ')}; there are ${known.join(', ')}.`);
    const suites = named.length > 0 ? [...new Set(named.flatMap(suitesOf))] : known;

    setup('build', 'test');
    build({ tests: true });
    if (suites.includes('extension') || suites.includes('ui')) installHarness();
    if (suites.some((suite) => ['kvm', 'nested', 'extension'].includes(suite))) nameGdb();
    if (suites.includes('nested') || suites.includes('ui')) {
        const kernel = findTestKernel({ build: process.env.GUESTMEM_SKIP_KERNEL_BUILD === undefined });
        if (kernel !== undefined) process.env.GUESTMEM_TEST_KERNEL = kernel;
    }

    const total = { passed: 0, failures: [], skips: [] };
    for (const suite of suites) {
        log(`suite ${suite}`);
        const { passed, failures, skips } = suite === 'lint' ? lint() : await runSuite(suite);
        total.passed += passed;
        total.failures.push(...failures);
        total.skips.push(...skips);
    }
    for (const skip of total.skips) console.log(`skipped  ${skip}`);
    for (const failure of total.failures) console.log(`FAILED   ${failure}`);
    console.log(`${total.passed} passed, ${total.failures.length} failed, ${total.skips.length} skipped`);
    if (total.failures.length > 0) process.exitCode = 1;
});
