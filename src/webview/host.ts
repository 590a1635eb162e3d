/** The webview's end of the wire. */
import type { MapEvent, MapRequest } from '../common/mapMessages';

interface WebviewApi {
    postMessage(message: MapRequest): void;
    getState(): unknown;
    setState(state: unknown): void;
}
declare function acquireVsCodeApi(): WebviewApi;

/** May be called once in the life of a page. */
export const host = acquireVsCodeApi();

/** VS Code delivers only the extension's own messages here. */
export function onHostEvent(listener: (event: MapEvent) => void): void {
    window.addEventListener('message', (message: MessageEvent<MapEvent>) => listener(message.data));
}
