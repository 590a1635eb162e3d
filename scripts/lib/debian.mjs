// Packages of any Debian release, fetched and unpacked into a folder; nothing is installed.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, output, run } from './run.mjs';

/**
 * Downloads the newest package whose name matches `pattern` (an extended regular expression) in `release` ("bookworm",
 * "trixie-backports"), together with those it depends on that carry the same kernel version in their names: some
 * releases pack an image, its modules and its lists apart. Unpacks them into `folder`/unpacked and returns the name of
 * the first. Uses the mirror that this machine's apt uses.
 */
export function fetchDebianPackage(release, pattern, folder) {
    const options = aptOptions(release, folder);
    const found = output('apt-cache', [...options, 'search', '--names-only', pattern]) ?? '';
    const name = found.split('\n').map((line) => line.split(' ')[0]).sort(byVersion).at(-1);
    if (!name) throw new Failure(`Debian ${release} has no package that matches ${pattern}.`);
    unpack([name, ...partsOf(name, options)], options, folder);
    return name;
}

/** Downloads a package with everything that it depends on, and unpacks it all into `folder`/unpacked. */
export function fetchDebianProgram(release, name, folder) {
    const status = join(folder, 'status');
    writeFileSync(status, ''); // as if nothing were installed
    const options = [...aptOptions(release, folder), '-o', `Dir::State::status=${status}`];
    const plan = output('apt-get', [...options, '--no-install-recommends', '--simulate', 'install', name]) ?? '';
    const names = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, needed]) => needed);
    if (names.length === 0) throw new Failure(`Debian ${release} has no package ${name} that could be installed.`);
    unpack(names, options, folder);
}

/** Options for apt that make it know the release alone, with all its state in `folder`; the release's lists are read. */
function aptOptions(release, folder) {
    const lists = join(folder, 'lists');
    for (const path of [join(lists, 'partial'), join(folder, 'apt-cache')]) mkdirSync(path, { recursive: true });
    const sources = join(folder, 'sources.list');
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    writeFileSync(sources, `deb [signed-by=${keyring}] ${mirror()} ${release} main\n`);
    const own = {
        'Dir::Etc::SourceList': sources,
        'Dir::Etc::SourceParts': '/dev/null',
        'Dir::State::Lists': lists,
        'Dir::Cache': join(folder, 'apt-cache'),
        'APT::Sandbox::User': '', // the folder belongs to the user who builds
    };
    const options = Object.entries(own).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    run('apt-get', [...options, '--quiet', 'update'], { stdio: ['ignore', 'ignore', 'inherit'] });
    return options;
}

function unpack(names, options, folder) {
    run('apt-get', [...options, '--quiet', 'download', ...names], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.deb'))) {
        run('dpkg-deb', ['-x', join(folder, file), join(folder, 'unpacked')]);
        rmSync(join(folder, file));
    }
}

function partsOf(name, options) {
    const [version] = /[0-9].*$/.exec(name) ?? [];
    const depends = output('apt-cache', [...options, 'depends', '--important', name]) ?? '';
    return [...depends.matchAll(/^ +Depends: (\S+)$/gm)].map(([, part]) => part).filter((part) => part.endsWith(version));
}

/** Where this machine gets its own release from. */
function mirror() {
    const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    const targets = output('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages']) ?? '';
    const line = targets.split('\n').find((target) => target.endsWith(` ${codename}`));
    if (line === undefined) throw new Failure(`apt names no mirror of ${codename} here; is this Debian?`);
    return line.split(' ')[0];
}

const byVersion = (a, b) => a.localeCompare(b, 'en', { numeric: true });
