/**
 * What package.json contributes and the code refers to, as typed tables: an id that is not here does not compile, and
 * test/unit/manifest.test.ts holds package.json and package.nls.json equal to it.
 */

export interface CommandManifest {
    readonly title: string;
    /** A codicon, where the command is a button of a view. */
    readonly icon?: string;
    /** False for commands that need an item: they are hidden from the palette. */
    readonly palette: boolean;
}

const command = (title: string, options: { icon?: string; palette?: boolean } = {}): CommandManifest => ({
    title,
    palette: true,
    ...options,
});

export const commands = {
    'guestmem.vms.refresh': command('Refresh', { icon: '$(refresh)' }),
    'guestmem.vm.select': command('Select Virtual Machine…', { icon: '$(vm)' }),
    'guestmem.vm.activate': command('Make Active', { icon: '$(vm-active)', palette: false }),
    'guestmem.map.show': command('Show Page Map', { icon: '$(map)' }),
    'guestmem.map.keep': command('Keep This State of the Page Map'),
    'guestmem.map.compare': command('Compare Page Map…'),
    'guestmem.map.save': command('Save Snapshot…'),
    'guestmem.map.pause': command('Pause Page Map'),
    'guestmem.map.resume': command('Resume Page Map'),
    'guestmem.map.showAt': command('Show Page Map at This Time', { palette: false }),
    'guestmem.map.whyNot': command('Why Is Not Everything Offered?', { palette: false }),
    'guestmem.events.show': command('Show Memory Events', { icon: '$(pulse)' }),
    'guestmem.events.record': command('Record Memory Events', { icon: '$(record)' }),
    'guestmem.events.stop': command('Stop Recording Memory Events', { icon: '$(debug-stop)' }),
    'guestmem.events.clear': command('Clear Memory Events', { icon: '$(clear-all)' }),
    'guestmem.events.onlyRange': command('Show Only Events of This Range', { palette: false }),
    'guestmem.events.onlyKind': command('Show Only Events of This Kind', { palette: false }),
    'guestmem.events.copy': command('Copy Event as JSON', { palette: false }),
    'guestmem.account.show': command('Show Memory Accounting', { icon: '$(pie-chart)' }),
    'guestmem.address.explain': command('Explain Address…', { icon: '$(info)' }),
    'guestmem.address.copy': command('Copy Address', { icon: '$(copy)', palette: false }),
    'guestmem.memory.read': command('Read Memory…'),
    'guestmem.memory.convertToPrivate': command('Convert to Private…', { icon: '$(lock)' }),
    'guestmem.memory.convertToShared': command('Convert to Shared…', { icon: '$(unlock)' }),
    'guestmem.memory.allocate': command('Allocate guest_memfd Pages…'),
    'guestmem.memory.punch': command('Give guest_memfd Pages Back…', { icon: '$(trash)' }),
    'guestmem.memory.preFault': command('Pre-Fault Memory…'),
    'guestmem.memory.write': command('Write Memory…'),
    'guestmem.memory.logDirtyPages': command('Switch Dirty Logging…'),
    'guestmem.changes.undo': command('Undo Last Change…'),
    'guestmem.changes.show': command('Show Record of Changes'),
    'guestmem.changes.unlock': command('Unlock Changes in This Window'),
    'guestmem.changes.lock': command('Lock Changes in This Window'),
    'guestmem.agent.restart': command('Restart Agent', { icon: '$(debug-restart)' }),
    'guestmem.agent.copySudoSetting': command('Copy the Setting That Starts the Agent with sudo'),
    'guestmem.host.check': command('Check This Host', { icon: '$(checklist)' }),
    'guestmem.log.show': command('Show Log', { icon: '$(output)' }),
} as const satisfies Record<`guestmem.${string}.${string}`, CommandManifest>;
export type CommandId = keyof typeof commands;

/** A command line: run as it is, without a shell. */
export type CommandLine = readonly string[];

export interface Settings {
    /** How the agent of this host is started; `${node}` and `${agent}` are replaced. */
    readonly 'guestmem.agent.command': CommandLine;
    /** Further places beside this host, by name: how the agent of each is started. */
    readonly 'guestmem.places': Readonly<Record<string, CommandLine>>;
    readonly 'guestmem.allowChanges': boolean;
    /** Seconds between two readings of a visible page map. */
    readonly 'guestmem.map.refreshInterval': number;
}
export type SettingId = keyof Settings;

/** Those that decide what is run, or what may be changed: machine-scoped and restricted in untrusted workspaces. */
export const restrictedSettings = ['guestmem.agent.command', 'guestmem.places', 'guestmem.allowChanges'] as const satisfies readonly SettingId[];

/** Seconds. */
export const refreshIntervalBounds = { least: 0.5, most: 3600 } as const;

export const settingDefaults: Settings = {
    'guestmem.agent.command': ['${node}', '${agent}'],
    'guestmem.places': {},
    'guestmem.allowChanges': false,
    'guestmem.map.refreshInterval': 2,
};

export const viewContainer = 'guestmem';

export const views = {
    'guestmem.vms': 'Virtual Machines',
    'guestmem.memslots': 'Memory Slots',
    'guestmem.guestMemfds': 'guest_memfds',
    'guestmem.findings': 'Findings',
} as const;
export type ViewId = keyof typeof views;

/** In a container of the panel: its rows are wide. */
export const eventsContainer = 'guestmemEvents';
export const eventsView = { id: 'guestmem.events', name: 'Guest Memory Events' } as const;

/** What the views are about to say when they are empty, worst news last. */
export type HostState = 'loading' | 'ready' | 'notPermitted' | 'noKvm' | 'agentFailed';

/** Why the VM that was active is not shown any more; "" = there is none, or it is shown. */
export type ActiveFailure = '' | 'ended' | 'agent' | 'other';

/** The page map of a running VM, as far as one is open; "" = none is. */
export type MapState = '' | 'live' | 'paused';

/** The recording of the active VM's memory events; "" = there is none. */
export type RecordingKey = '' | 'recording' | 'stopped';

/** The keys that `when` clauses of package.json may ask for. */
export interface ContextKeys {
    readonly 'guestmem.hostState': HostState;
    /** Ids of the host checks that failed, each between commas: ",bpf,capabilities,". */
    readonly 'guestmem.failedChecks': string;
    readonly 'guestmem.hasActiveVm': boolean;
    readonly 'guestmem.activeFailure': ActiveFailure;
    readonly 'guestmem.mapState': MapState;
    readonly 'guestmem.recordingState': RecordingKey;
    /** The setting permits changes and the workspace is trusted. */
    readonly 'guestmem.changesAllowed': boolean;
    /** This window was unlocked for changes. */
    readonly 'guestmem.changesUnlocked': boolean;
}
export type ContextKey = keyof ContextKeys;

export const contextKeyDefaults: ContextKeys = {
    'guestmem.hostState': 'loading',
    'guestmem.failedChecks': '',
    'guestmem.hasActiveVm': false,
    'guestmem.activeFailure': '',
    'guestmem.mapState': '',
    'guestmem.recordingState': '',
    'guestmem.changesAllowed': false,
    'guestmem.changesUnlocked': false,
};

/** Ids of webview panels, document schemes and items; not contributions, but names that must not drift either. */
export const pageMapViewType = 'guestmem.pageMap';
export const snapshotViewType = 'guestmem.snapshot';
export const accountViewType = 'guestmem.account';
export const memoryScheme = 'guestmem-memory';

/** Documents that explain an address have URIs of this scheme. */
export const explainScheme = 'guestmem-explain';
export const changesScheme = 'guestmem-changes';
