/** Which process each debug session of this window holds, as far as that became known. */
import * as vscode from 'vscode';

export class DebuggedProcesses implements vscode.Disposable {
    private readonly held = new Map<vscode.DebugSession, number>();
    private readonly listener = vscode.debug.onDidTerminateDebugSession((session) => this.held.delete(session));

    set(session: vscode.DebugSession, pid: number): void {
        this.held.set(session, pid);
    }

    pidOf(session: vscode.DebugSession): number | undefined {
        return this.held.get(session);
    }

    /** Of several, the one that the user looks at. */
    sessionOf(pid: number): vscode.DebugSession | undefined {
        const sessions = [...this.held].filter(([, held]) => held === pid).map(([session]) => session);
        return sessions.find((session) => session === vscode.debug.activeDebugSession) ?? sessions[0];
    }

    dispose(): void {
        this.listener.dispose();
    }
}
