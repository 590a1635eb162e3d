/** The webview's end of the wire: `Request` goes to the extension host, `Event` comes from it. */
interface WebviewApi<Request> {
    postMessage(message: Request): void;
    getState(): unknown;
    setState(state: unknown): void;
}
declare function acquireVsCodeApi<Request>(): WebviewApi<Request>;

export interface Host<Request, Event> extends WebviewApi<Request> {
    onEvent(listener: (event: Event) => void): void;
}

/** May be called once in the life of a page. */
export function connectHost<Request, Event>(): Host<Request, Event> {
    const api = acquireVsCodeApi<Request>();
    return {
        postMessage: (message) => api.postMessage(message),
        getState: () => api.getState(),
        setState: (state) => api.setState(state),
        // VS Code delivers only the extension's own messages here.
        onEvent: (listener) => window.addEventListener('message', (message: MessageEvent<Event>) => listener(message.data)),
    };
}
