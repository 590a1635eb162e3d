/** The states of the addon's pagemap chunks (PagemapChunk), as far as accounts look at them. */
export const isPresent = (state: number): boolean => (state & 3) === 1;
/** The page is a file's or shared memory's, not anonymous. */
export const isFilePage = (state: number): boolean => (state & 4) !== 0;
