/** A change as it came over the wire, checked: hostile until it has passed here. Throws `usage`. */
import type { Change } from '../../common/change';
import { errors } from '../../common/errors';
import { toHex } from '../../common/address';
import { toWireRange } from '../../common/range';
import { checkAddressSpace, checkAttribute, checkFields, checkFlag, checkGpa, checkRange, checkSmallNumber } from '../validate';
import { writeLimit } from './memoryWrite';

/** Runs or ranges of one change. */
const mostParts = 10_000;

export function checkChange(value: unknown): Change {
    const fields = checkFields(value);
    const { kind } = fields;
    switch (kind) {
        case 'convert':
            return { kind, range: toWireRange(checkRange(fields['range'])), to: checkAttribute(fields['to']) };
        case 'restore': {
            const runs = checkParts(fields['runs'], (run) => ({ ...toWireRange(checkRange(run)), attribute: checkAttribute(checkFields(run)['attribute']) }));
            return { kind, runs };
        }
        case 'punch':
        case 'allocate':
            return { kind, ranges: checkParts(fields['ranges'], (range) => toWireRange(checkRange(range))) };
        case 'pre-fault': {
            const { vcpu } = fields;
            return { kind, range: toWireRange(checkRange(fields['range'])), vcpu: vcpu === null ? null : checkSmallNumber(vcpu, 'vCPU') };
        }
        case 'write':
            return { kind, gpa: toHex(checkGpa(fields['gpa'])), bytes: checkBase64(fields['bytes']) };
        case 'log-dirty-pages':
            return {
                kind,
                addressSpace: checkAddressSpace(fields['addressSpace']),
                memslot: checkSmallNumber(fields['memslot'], 'memslot'),
                on: checkFlag(fields['on'], 'on'),
            };
        default:
            throw errors.usage('The kind of the change is not one that this agent knows.');
    }
}

/** Sorted and disjoint, at least one. */
function checkParts<Part extends { readonly gpa: string; readonly size: string }>(value: unknown, check: (part: unknown) => Part): Part[] {
    if (!Array.isArray(value) || value.length === 0 || value.length > mostParts) {
        throw errors.usage(`The parts of a change must be a list of 1 to ${mostParts}.`);
    }
    const parts = value.map(check);
    let end = 0n;
    for (const { gpa, size } of parts) {
        if (BigInt(gpa) < end) throw errors.usage('The parts of a change must be in order and must not overlap.');
        end = BigInt(gpa) + BigInt(size);
    }
    return parts;
}

function checkBase64(value: unknown): string {
    const bytes = typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined;
    if (bytes === undefined || bytes.length === 0) throw errors.usage('The bytes to write must be given in base64, at least one.');
    if (bytes.length > writeLimit) throw errors.usage(`At most ${writeLimit} bytes are written at a time.`);
    return bytes.toString('base64');
}

