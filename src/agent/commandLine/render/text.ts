/** Characters that would steer a terminal, or turn text around, in names that others chose. */
const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const written = (character: string): string => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};

/** Text as it may go to a terminal: control and direction characters become \x1b, \u{202e}. */
export function escapeText(text: string, allow: { newlines: boolean } = { newlines: false }): string {
    return text.replace(dangerous, (character) => (allow.newlines && character === '\n' ? character : written(character)));
}

/** JSON as it may go to a terminal: JSON.stringify leaves DEL, C1 controls and direction characters as they are. */
export function toJson(value: unknown): string {
    return JSON.stringify(value).replace(dangerous, (character) =>
        Array.from({ length: character.length }, (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(''),
    );
}
