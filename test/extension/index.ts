/** What the extension host runs: mocha over the files that the runner names, its result as JSON into the runner's file. */
import { resolve } from 'node:path';
import Mocha from 'mocha';

export async function run(): Promise<void> {
    const { MOCHA_JSON: output, GUESTMEM_TEST_FILES: files } = process.env;
    if (output === undefined || files === undefined) throw new Error('MOCHA_JSON and GUESTMEM_TEST_FILES must be set.');
    // The demo VMM and the agent are named relative to the repository.
    process.chdir(resolve(__dirname, '../../..'));
    const mocha = new Mocha({ timeout: 180_000, forbidOnly: true, reporter: 'json', reporterOptions: { output } });
    const paths = JSON.parse(files) as string[];
    if (paths.length === 0) throw new Error('No test file was named.');
    for (const path of paths) mocha.addFile(path);
    const failures = await new Promise<number>((done) => mocha.run(done));
    if (failures > 0) throw new Error(`${failures} tests failed`);
}
