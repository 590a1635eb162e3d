/** The layer "NUMA node": where the pages of the guest_memfd lie. Of the HVA side the kernel tells no nodes. */
import { marked, notKnown, outsideMemslots, plain, type MapLayer } from '../mapLayer';
import { gmemBackingOf } from '../pageState';

const fills = ['node0', 'node1', 'node2', 'node3'] as const;
const meaning = (node: number) => `The page of the guest_memfd is in the memory of NUMA node ${node}.`;

/** Those with a class of their own: each fill plain, then each with a mark. */
const named = [
    ...fills.map((fill, node) => plain(`Node ${node}`, fill, meaning(node))),
    ...fills.map((fill, index) => marked(`Node ${fills.length + index}`, fill, 'stripes', 'ink', meaning(fills.length + index))),
];
const [others, unknown, none, outside] = [named.length, named.length + 1, named.length + 2, named.length + 3];

export const numaNodeLayer: MapLayer = {
    id: 'numaNode',
    name: 'NUMA node',
    onlyFor: null,
    classes: [
        ...named,
        marked('Other nodes', 'quietMark', 'bar', 'ink', `The page of the guest_memfd is on node ${named.length} or a higher one.`),
        notKnown('Whether the guest_memfd has a page, or on which node, could not be read.'),
        plain('No guest_memfd page', 'quiet', 'The guest_memfd has no page here, or there is none; of the HVA side the node is not told.'),
        outsideMemslots,
    ],
    classOf({ state, detail, inMemslot }) {
        if (!inMemslot) return outside;
        const backing = gmemBackingOf(state, detail);
        if (backing.state === null) return unknown;
        if (backing.state !== 'allocated' && backing.state !== 'prepared') return none;
        return backing.node === null ? unknown : Math.min(backing.node, others);
    },
};
