/** Whether KVM was loaded so that each guest_memfd decides by itself which of its pages are private. */
import { readFileSync } from 'node:fs';

/** A parameter of KVM, built in or not; absent before KVM could convert in place, which is the same as "N". */
const parameter = '/sys/module/kvm/parameters/gmem_in_place_conversion';

/** Each guest_memfd has attributes of its own, and those of the VM do not count. */
export function readConvertsInPlace(path = parameter): boolean {
    try {
        return readFileSync(path, 'latin1').startsWith('Y');
    } catch (thrown) {
        if (thrown instanceof Error && 'errno' in thrown) return false;
        throw thrown;
    }
}
