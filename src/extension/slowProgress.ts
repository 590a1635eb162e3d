import * as vscode from 'vscode';

/** Says how far a task is; both in the same unit. */
export type Report = (done: number, total: number) => void;

const patienceMs = 1000;

/** Runs the task; when it takes over a second, shows a notification with its progress and a way to cancel it. */
export async function withSlowProgress<Result>(
    title: string,
    task: (token: vscode.CancellationToken, report: Report) => Promise<Result>,
): Promise<Result> {
    const cancellation = new vscode.CancellationTokenSource();
    let show: Report = () => undefined;
    const running = task(cancellation.token, (done, total) => show(done, total));
    const timer = setTimeout(() => {
        const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
        void vscode.window.withProgress(options, async (progress, token) => {
            token.onCancellationRequested(() => cancellation.cancel());
            let shown = 0;
            show = (done, total) => {
                const percent = total > 0 ? Math.min(100, (done / total) * 100) : 0;
                progress.report({ increment: percent - shown });
                shown = percent;
            };
            // The notification only waits for the end; the result or the error goes to the caller.
            await running.then(
                () => undefined,
                () => undefined,
            );
        });
    }, patienceMs);
    try {
        return await running;
    } finally {
        clearTimeout(timer);
        cancellation.dispose();
    }
}
