/** Conversions where KVM has private memory: in the nested machine, whose emulated processor makes every time long. */
import { runNested } from '../test/support/nestedMachine';
import { buildPrograms } from '../test/support/injection';

const timeout = 60 * 60_000;

if (process.env['GUESTMEM_TEST_KERNEL'] === undefined) {
    console.log('conversions in the nested machine: not measured, GUESTMEM_TEST_KERNEL names no kernel');
} else {
    await buildPrograms();
    const environment = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (name.startsWith('GUESTMEM_') && value !== undefined ? [[name, value]] : [])));
    const { stdout, stderr, status } = await runNested({ command: 'node out/bench/nested/conversions.bench.mjs', environment, timeout });
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = status;
}
