import { escapeText } from './text';

export interface Column {
    readonly title: string;
    /** Numbers and sizes are easier to compare when they end below each other. */
    readonly right?: boolean;
}

/** An aligned table; every cell is escaped. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
    const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map((cell) => escapeText(cell)))];
    const widths = columns.map((_, index) => cells.reduce((widest, row) => Math.max(widest, (row[index] ?? '').length), 0));
    const line = (row: readonly string[]) =>
        columns
            .map(({ right }, index) => {
                const cell = row[index] ?? '';
                const width = widths[index] ?? 0;
                return right === true ? cell.padStart(width) : cell.padEnd(width);
            })
            .join('  ')
            .trimEnd();
    return cells.map((row) => line(row) + '\n').join('');
}
