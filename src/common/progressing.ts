/** A request that may take long names a token; `progress` notifications then carry it. */
export interface Progressing {
    readonly progressToken?: number;
}
