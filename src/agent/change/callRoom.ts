/**
 * Where a debugger can put the few instructions of a call and the struct that it points to: in the unused end of the
 * vDSO. Neither the VMM's heap nor its stack is touched, so a thread that was stopped in malloc or near the end of its
 * stack is no obstacle, and no symbol of the VMM is needed. The last bytes there belong to injection (native, stub.h).
 */
import { toHex, type Hex } from '../../common/address';
import { callRoomSize } from '../../common/debuggerProtocol';
import { errors } from '../../common/errors';
import { parseMaps } from '../discovery/processMaps';
import { readMapsText } from '../discovery/processes';
import type { OpenVm } from '../discovery/vmDirectory';

/** Kept free for injection's own instructions. */
const injectionRoom = 64;
/** How far before its end the vDSO is searched: nothing of it that the program uses is that near. */
const searched = 512;

/** ELF: class 64-bit at byte 4; machine x86-64 at byte 18. */
const is64BitCode = (vdso: Buffer) => vdso.readUInt32BE(0) === 0x7f454c46 && vdso[4] === 2 && vdso.readUInt16LE(18) === 62;

export function findCallRoom(vm: OpenVm, tried: string): Hex {
    const { pid } = vm.process;
    const maps = readMapsText(pid);
    if (maps.kind === 'gone') throw errors.processGone(pid);
    const mapping = maps.kind === 'found' ? parseMaps(maps.value).find(({ path }) => path === '[vdso]') : undefined;
    if (mapping === undefined) throw errors.unsupported(tried, `process ${pid} has no vDSO, at whose end the debugger would make the call`);
    const vdso = Buffer.alloc((mapping.end - mapping.start) * 4096);
    const start = BigInt(mapping.start) << 12n;
    if (vm.process.readMemory(start, vdso) !== vdso.length) throw errors.unsupported(tried, `the vDSO of process ${pid} cannot be read`);
    if (!is64BitCode(vdso)) throw errors.unsupported(tried, `process ${pid} does not run 64-bit x86 code`);
    for (let end = vdso.length - injectionRoom; end - callRoomSize >= vdso.length - searched; end -= callRoomSize) {
        if (vdso.subarray(end - callRoomSize, end).every((byte) => byte === 0)) return toHex(start + BigInt(end - callRoomSize));
    }
    throw errors.unsupported(tried, `the end of the vDSO of process ${pid} has no ${callRoomSize} free bytes, where the debugger would make the call`);
}
