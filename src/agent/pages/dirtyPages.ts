/** Which pages KVM has logged as dirty since the VMM last asked; looking clears nothing. */
import { toHex } from '../../common/address';
import { loggedOnly } from '../../common/factWords';
import { readChunks } from './chunks';
import { makeLayer, makeMeaning, type Layer } from './layer';
import type { SlotRow } from '../details/memslots';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import { stateBits } from './stateBits';
import { enumerate, type UnknownFields } from '../unknownFields';
import type { UnstampedReads } from './unstampedReads';
import type { OpenVm } from '../discovery/vmDirectory';

const meaning = makeMeaning(stateBits({ dirty: false }), () => stateBits({ dirty: true }));

/** Reads slot by slot, and says at the end what was not known. */
export class DirtyPages {
    private readonly unlogged: number[] = [];

    constructor(
        private readonly vm: OpenVm,
        private readonly unknown: UnknownFields,
        private readonly unstamped: UnstampedReads,
        private readonly pace: Pace,
    ) {}

    /** Gfns [gfn, end) of a slot; null where they are not known. */
    async read(slot: SlotRow, gfn: number, end: number): Promise<Layer | null> {
        const { vm } = this;
        if (vm.record.dirtyRingSize > 0) return null;
        if (!slot.logsDirtyPages) {
            this.unlogged.push(slot.id);
            return null;
        }
        const layer = await unlessRefused(async () => {
            const chunks = await readChunks(this.pace, gfn, end, (from) =>
                this.unstamped.read((process) => process.readDirtyPages(vm.fd, slot.addressSpace, from, end)),
            );
            return chunks === null ? 'its dirty bitmap went away while it was read' : makeLayer(chunks, 0, meaning);
        });
        if (typeof layer !== 'string') return layer;
        this.unknown.add('dirty', `memslot ${slot.id}: ${layer}`);
        return null;
    }

    tellUnknown(): void {
        const { dirtyRingSize } = this.vm.record;
        if (dirtyRingSize > 0) {
            const ring = `a dirty ring of ${toHex(dirtyRingSize)} bytes for each vCPU`;
            this.unknown.add('dirty', `the VM logs dirty pages in ${ring}, which the VMM empties as it goes`);
        } else if (this.unlogged.length > 0) {
            this.unknown.add('dirty', `${loggedOnly} which is not so for memslot ${enumerate(this.unlogged)}`);
        }
    }
}
