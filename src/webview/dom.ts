/** Makes elements; text is always set as text, never as markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag,
    className: string,
    ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
    const made = document.createElement(tag);
    if (className !== '') made.className = className;
    made.append(...children);
    return made;
}

export function button(className: string, label: string, onClick: () => void): HTMLButtonElement {
    const made = element('button', className, label);
    made.type = 'button';
    made.addEventListener('click', onClick);
    return made;
}

/** A list of labels and texts. */
export function definitions(className: string, lines: readonly (readonly [string, string])[]): HTMLElement {
    return element('dl', className, ...lines.flatMap(([label, text]) => [element('dt', '', label), element('dd', '', text)]));
}
