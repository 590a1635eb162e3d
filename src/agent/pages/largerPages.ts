/** What is against larger pages in a memslot, where the guest maps any; KVM's own counts are read from the kernel. */
import { existsSync, readFileSync } from 'node:fs';
import type { PageSizeName } from '../../common/model';
import { readChunks } from './chunks';
import { hasRuns, makeLayer, type Layer } from './layer';
import type { SlotRow } from '../details/memslots';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import type { UnknownFields } from '../unknownFields';
import type { OpenVm } from '../discovery/vmDirectory';
import { countedMeaning, obstaclesOf, wholeRegions, type LargerPages } from './whyNotLarger';

/** Against a fault of some of Intel's processors (iTLB multihit), which large pages that are executed bring about. */
function forbidsExecutingLargePages(): boolean {
    const parameter = '/sys/module/kvm/parameters/nx_huge_pages';
    return existsSync(parameter) && readFileSync(parameter, 'utf8').trim() === 'Y';
}

export class LargerPagesReader {
    private readonly nxHugePages: boolean;

    constructor(
        private readonly vm: OpenVm,
        private readonly unknown: UnknownFields,
        private readonly pace: Pace,
    ) {
        this.nxHugePages = !vm.record.disablesNxHugePages && forbidsExecutingLargePages();
    }

    /** Of gfns [gfn, end) of a slot; null where the guest maps nothing, or it is not known what. */
    async read(
        slot: SlotRow,
        gfn: number,
        end: number,
        guestMapping: Layer | null,
        guestMemfdPageSize: PageSizeName | null,
    ): Promise<LargerPages | null> {
        if (guestMapping === null || !hasRuns(guestMapping, gfn, end)) return null;
        const whole = wholeRegions(slot);
        const counted = await this.counted(slot, Math.max(gfn, whole.gfn), Math.min(end, whole.end));
        const isKnown = typeof counted !== 'string';
        if (!isKnown) this.unknown.add('whyNotLarger', `memslot ${slot.id}: ${counted}`);
        return {
            obstacles: obstaclesOf(slot),
            counted: isKnown ? counted : null,
            complete: isKnown,
            guestMemfdPageSize,
            nxHugePages: this.nxHugePages,
        };
    }

    /** A string is why it is not known. */
    private async counted(slot: SlotRow, gfn: number, end: number): Promise<Layer | null | string> {
        if (gfn >= end) return null;
        return unlessRefused(async () => {
            const chunks = await readChunks(this.pace, gfn, end, (from) =>
                this.vm.process.readLargePageObstacles(this.vm.fd, slot.addressSpace, from, end),
            );
            return chunks === null ? 'this kernel does not tell what it counts against large pages' : makeLayer(chunks, 0, countedMeaning);
        });
    }
}
