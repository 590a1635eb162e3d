/** What `guestmem show` prints of a guest_memfd's own attributes. */
import assert from 'node:assert/strict';
import { renderGuestMemfds } from '../../../src/agent/commandLine/render/guestMemfds';
import type { GuestMemfd, VmSummary } from '../../../src/common/model';

const plain: GuestMemfd = {
    ...{ inode: 7, fds: [5], size: '0x4000', flags: [], allocated: '0x0', prepared: '0x0', bindings: [], holders: [] },
    ...{ unbound: [], leaked: false, hostMappings: null, folios: [], nodes: [], directMap: null, attributes: null },
};

const vm: VmSummary = {
    ...{ id: '1:4', pid: 1, fd: 4, command: 'vmm', name: null, vcpus: 1, memory: '0x4000', type: 'sw-protected' },
    ...{ tracedBy: null, holders: [], heldBy: 'vm' },
};
const rendered = (...guestMemfds: GuestMemfd[]) =>
    renderGuestMemfds({
        ...{ vm, guestMemfds, vcpus: [], addressSpaces: [], unknown: [] },
        capabilities: { attributes: ['private'], attributeScope: 'guest_memfd' },
    });

describe('the attributes of guest_memfds, in a terminal', () => {
    it('are not there where the kernel keeps none', () => assert.doesNotMatch(rendered(plain), /Attributes/));

    it('are the private ranges and their size', () => {
        const attributes: GuestMemfd['attributes'] = [
            { offset: '0x0', size: '0x1000', attribute: 'private' },
            { offset: '0x1000', size: '0x2000', attribute: 'shared' },
            { offset: '0x3000', size: '0x1000', attribute: 'private' },
        ];
        const text = rendered(plain, { ...plain, inode: 8, attributes });
        assert.match(text, /\nAttributes of guest_memfds\nINODE +PRIVATE +WHERE\n +8 +8 KiB +0x0\+0x1000, 0x3000\+0x1000\n$/);
    });
});
