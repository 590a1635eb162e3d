import { encodePageState, type PageState, type PageStateParts } from '../../common/pageState';

/**
 * Part of a page state. What is not named is shared, none or unknown, which is the word zero: so the parts that
 * different sources know are joined by OR.
 */
export function stateBits(parts: Partial<PageStateParts>): PageState {
    return encodePageState({ attribute: 'shared', scope: 'none', hva: 'none', gmem: 'none', ...parts });
}
