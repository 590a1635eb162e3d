#include "binding/values.h"

#include "binding/column.h"
#include "binding/errors.h"

namespace guestmem::binding {
namespace {

Napi::Number number(Napi::Env env, double value) { return Napi::Number::New(env, value); }
Napi::Boolean boolean(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }
Napi::BigInt bigint(Napi::Env env, std::uint64_t value) { return Napi::BigInt::New(env, value); }

template <typename T>
Napi::Value number_or_null(Napi::Env env, const std::optional<T>& value) {
    return value ? number(env, static_cast<double>(*value)) : env.Null();
}

Napi::Value boolean_or_null(Napi::Env env, const std::optional<bool>& value) {
    return value ? boolean(env, *value) : env.Null();
}

Napi::Value bigint_or_null(Napi::Env env, const std::optional<std::uint64_t>& value) {
    return value ? bigint(env, *value) : env.Null();
}

Napi::Object run_columns(Napi::Env env, const char* firsts, const std::vector<run_record>& runs) {
    Napi::Object object = Napi::Object::New(env);
    object.Set(firsts, column<Napi::Float64Array>(env, runs, [](const auto& run) { return run.first; }));
    object.Set("pages", column<Napi::Float64Array>(env, runs, [](const auto& run) { return run.pages; }));
    return object;
}

const char* name_of(kvm::KvmFileKind kind) {
    switch (kind) {
        case kvm::KvmFileKind::vm:
            return "vm";
        case kvm::KvmFileKind::vcpu:
            return "vcpu";
        default:
            return "guest_memfd";
    }
}

const char* name_of(guest_mapping_problem problem) {
    switch (problem) {
        case GUEST_MAPPING_NO_ROOT:
            return "no-root";
        case GUEST_MAPPING_SPLIT:
            return "split";
        case GUEST_MAPPING_SEVERAL:
            return "several-roots";
        case GUEST_MAPPING_NO_DIRECT_MAP:
            return "no-direct-map";
        case GUEST_MAPPING_UNREADABLE:
            return "unreadable";
        default:
            return "shadow";
    }
}

const char* name_of(inject::Reason reason) {
    switch (reason) {
        case inject::Reason::seccomp:
            return "seccomp";
        case inject::Reason::traced:
            return "traced";
        case inject::Reason::no_thread:
            return "no-thread";
        case inject::Reason::gone:
            return "vm-changed";
        case inject::Reason::not_permitted:
            return "not-permitted";
        default:
            return "unsupported";
    }
}

Napi::Object memslot_columns(Napi::Env env, const std::vector<memslots_record>& slots) {
    Napi::Object columns = Napi::Object::New(env);
    columns.Set("count", number(env, static_cast<double>(slots.size())));
    columns.Set("addressSpaces",
                column<Napi::Uint16Array>(env, slots, [](const auto& slot) { return slot.address_space; }));
    columns.Set("ids", column<Napi::Int16Array>(env, slots, [](const auto& slot) { return slot.id; }));
    columns.Set("gfns", column<Napi::Float64Array>(env, slots, [](const auto& slot) { return slot.gfn; }));
    columns.Set("pages", column<Napi::Float64Array>(env, slots, [](const auto& slot) { return slot.pages; }));
    columns.Set("hvas", column<Napi::BigUint64Array>(env, slots, [](const auto& slot) { return slot.hva; }));
    columns.Set("flags", column<Napi::Uint32Array>(env, slots, [](const auto& slot) { return slot.flags; }));
    columns.Set("gmemInodes", column<Napi::Float64Array>(env, slots, [](const auto& slot) {
                    return slot.has_gmem ? static_cast<double>(slot.gmem_inode) : -1;
                }));
    columns.Set("gmemPages", column<Napi::Float64Array>(env, slots, [](const auto& slot) { return slot.gmem_page; }));
    return columns;
}

Napi::Object with_stop(Napi::Env env, const char* kind, pid_t tid, std::chrono::microseconds stopped) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", kind);
    object.Set("tid", number(env, tid));
    object.Set("stoppedMicroseconds", number(env, static_cast<double>(stopped.count())));
    return object;
}

}  // namespace

Napi::Value to_value(Napi::Env env, const std::vector<kvm::KvmFile>& files) {
    Napi::Array array = Napi::Array::New(env, files.size());
    for (std::size_t i = 0; i < files.size(); i++) {
        const kvm::KvmFile& file = files[i];
        Napi::Object object = Napi::Object::New(env);
        object.Set("fd", number(env, file.fd));
        object.Set("kind", name_of(file.kind));
        object.Set("vm", number(env, file.vm));
        object.Set("vcpu", number(env, file.vcpu));
        object.Set("tid", file.tid == 0 ? env.Null() : number(env, file.tid));
        array.Set(static_cast<std::uint32_t>(i), object);
    }
    return array;
}

Napi::Value to_value(Napi::Env env, const kvm::KvmMappingChunk& chunk) {
    Napi::Array mappings = Napi::Array::New(env, chunk.mappings.size());
    for (std::size_t i = 0; i < chunk.mappings.size(); i++) {
        const kvm::KvmMapping& mapping = chunk.mappings[i];
        const std::string rights{mapping.readable ? 'r' : '-', mapping.writable ? 'w' : '-', mapping.executable ? 'x' : '-'};
        Napi::Object object = Napi::Object::New(env);
        object.Set("pid", number(env, mapping.pid));
        object.Set("kind", name_of(mapping.kind));
        object.Set("vm", number(env, mapping.vm));
        object.Set("inode", number(env, static_cast<double>(mapping.inode)));
        object.Set("start", bigint(env, mapping.start));
        object.Set("end", bigint(env, mapping.end));
        object.Set("firstPage", number(env, static_cast<double>(mapping.first_page)));
        object.Set("rights", rights);
        mappings.Set(static_cast<std::uint32_t>(i), object);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("mappings", mappings);
    object.Set("busy", column<Napi::Int32Array>(env, chunk.busy, [](pid_t pid) { return pid; }));
    object.Set("next", env.Null());
    if (chunk.next) {
        Napi::Object next = Napi::Object::New(env);
        next.Set("pid", number(env, chunk.next->pid));
        next.Set("hva", bigint(env, chunk.next->address));
        object.Set("next", next);
    }
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::VmRecord& record) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("vm", number(env, record.vm));
    object.Set("serial", number_or_null(env, record.serial));
    object.Set("ownedByProcess", boolean(env, record.owned_by_process));
    object.Set("type", number_or_null(env, record.type));
    object.Set("hasPrivateMemory", boolean_or_null(env, record.has_private_memory));
    object.Set("hasAttributeStore", boolean(env, record.has_attribute_store));
    object.Set("addressSpaces", number(env, record.address_spaces));
    object.Set("vcpus", number(env, record.vcpus));
    object.Set("dirtyRingSize", number(env, record.dirty_ring_size));
    object.Set("disablesNxHugePages", boolean(env, record.disables_nx_huge_pages));
    object.Set("memslots", memslot_columns(env, record.memslots));
    object.Set("consistent", boolean(env, record.consistent));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::AttributeChunk& chunk) {
    Napi::Object object = run_columns(env, "gfns", chunk.runs);
    object.Set("values", column<Napi::Uint8Array>(env, chunk.runs, [](const auto& run) { return run.value; }));
    object.Set("next", number_or_null(env, chunk.next));
    object.Set("sequence", bigint(env, chunk.sequence));
    object.Set("settled", boolean(env, chunk.settled));
    object.Set("quiet", boolean(env, chunk.quiet));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::GuestMapping& mapping) {
    if (const auto* problem = std::get_if<guest_mapping_problem>(&mapping)) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("problem", name_of(*problem));
        return object;
    }
    const auto& chunk = std::get<kvm::GuestMappingChunk>(mapping);
    Napi::Object object = run_columns(env, "first", chunk.runs);
    object.Set("states", column<Napi::Uint8Array>(env, chunk.runs, [](const auto& run) { return run.value; }));
    object.Set("next", number_or_null(env, chunk.next));
    object.Set("tables", number(env, chunk.tables));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::MemslotRunsChunk& chunk) {
    Napi::Object object = run_columns(env, "first", chunk.runs);
    object.Set("states", column<Napi::Uint8Array>(env, chunk.runs, [](const auto& run) { return run.value; }));
    object.Set("next", number_or_null(env, chunk.next));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::MemoryFault& fault) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("flags", bigint(env, fault.flags));
    object.Set("gpa", bigint(env, fault.gpa));
    object.Set("size", bigint(env, fault.size));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::Stamps& stamps) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("vm", number(env, stamps.vm));
    object.Set("counters", column<Napi::BigUint64Array>(env, stamps.counters, [](auto counter) { return counter; }));
    object.Set("quiet", boolean(env, stamps.quiet));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::KvmMemory& memory) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("attributeNodes", number_or_null(env, memory.attribute_nodes));
    object.Set("nodeSize", number(env, memory.node_size));
    object.Set("shadowPages", number_or_null(env, memory.shadow_pages));
    object.Set("hasReverseMap", boolean_or_null(env, memory.has_reverse_map));
    object.Set("tracksWrites", boolean_or_null(env, memory.tracks_writes));
    return object;
}

static Napi::Value to_value(Napi::Env env, const std::optional<kvm::VcpuPaging>& paging) {
    if (!paging) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    object.Set("cr0", bigint(env, paging->cr0));
    object.Set("cr4", bigint(env, paging->cr4));
    object.Set("efer", bigint(env, paging->efer));
    object.Set("addressSpace", number(env, paging->address_space));
    object.Set("nested", boolean(env, paging->nested));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::VcpuState& vcpu) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("exitReason", number(env, vcpu.exit_reason));
    object.Set("memoryFault", to_value(env, vcpu.memory_fault));
    object.Set("rip", bigint_or_null(env, vcpu.rip));
    object.Set("cr3", bigint_or_null(env, vcpu.cr3));
    object.Set("paging", to_value(env, vcpu.paging));
    object.Set("physicalAddressBits", number_or_null(env, vcpu.physical_address_bits));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::GuestMemfdRecord& record) {
    Napi::Array bindings = Napi::Array::New(env, record.bindings.size());
    for (std::size_t i = 0; i < record.bindings.size(); i++) {
        const kvm::GuestMemfdBinding& binding = record.bindings[i];
        Napi::Object object = Napi::Object::New(env);
        object.Set("addressSpace", number(env, binding.address_space));
        object.Set("memslot", number(env, binding.memslot));
        object.Set("first", number(env, static_cast<double>(binding.first)));
        object.Set("pages", number(env, static_cast<double>(binding.pages)));
        bindings.Set(static_cast<std::uint32_t>(i), object);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("inode", number(env, static_cast<double>(record.inode)));
    object.Set("vm", number(env, record.vm));
    object.Set("size", bigint(env, record.size));
    object.Set("flags", bigint(env, record.flags));
    object.Set("allocatedPages", number(env, static_cast<double>(record.allocated_pages)));
    object.Set("inDirectMap", boolean_or_null(env, record.in_direct_map));
    object.Set("hasAttributeStore", boolean(env, record.has_attribute_store));
    object.Set("bindings", bindings);
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::PageCacheChunk& chunk) {
    Napi::Object object = run_columns(env, "first", chunk.runs);
    object.Set("states", column<Napi::Uint8Array>(env, chunk.runs, [](const auto& run) { return run.value; }));
    object.Set("next", number_or_null(env, chunk.next));
    object.Set("folioOrders", env.Null());
    if (chunk.folio_orders)
        object.Set("folioOrders",
                   column<Napi::Float64Array>(env, *chunk.folio_orders, [](double pages) { return pages; }));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::FolioReferences& folio) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("references", number(env, folio.references));
    object.Set("pages", number(env, static_cast<double>(folio.pages)));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::FrameFolio& folio) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("pages", number(env, static_cast<double>(folio.pages)));
    object.Set("references", number(env, folio.references));
    object.Set("mappings", number_or_null(env, folio.mappings));
    object.Set("pins", number_or_null(env, folio.pins));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::FrameSearch& search) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("page", number_or_null(env, search.page));
    object.Set("next", number_or_null(env, search.next));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::ConversionAnswer& answer) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("error", answer.error == 0 ? env.Null() : Napi::Value(Napi::String::New(env, errno_name(answer.error))));
    object.Set("errorOffset", bigint(env, answer.error_offset));
    return object;
}

Napi::Value to_value(Napi::Env env, const kvm::ConversionTime& time) {
    const auto microseconds = [&](std::chrono::nanoseconds span) {
        return number(env, std::chrono::duration<double, std::micro>(span).count());
    };
    Napi::Object object = Napi::Object::New(env);
    object.Set("toPrivate", microseconds(time.to_private));
    object.Set("toShared", microseconds(time.to_shared));
    return object;
}

Napi::Value to_value(Napi::Env env, const proc::PagemapChunk& chunk) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("first", column<Napi::Float64Array>(env, chunk.runs, [](const auto& run) { return run.first; }));
    object.Set("pages", column<Napi::Float64Array>(env, chunk.runs, [](const auto& run) { return run.pages; }));
    object.Set("states", column<Napi::Uint8Array>(env, chunk.runs, [](const auto& run) { return run.state; }));
    std::optional<std::uint64_t> next = chunk.next;
    if (next) *next /= 4096;
    object.Set("next", number_or_null(env, next));
    object.Set("source", chunk.scanned ? "PAGEMAP_SCAN" : "pagemap");
    return object;
}

Napi::Value to_value(Napi::Env env, const inject::Refused& refused) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", "refused");
    object.Set("reason", name_of(refused.reason));
    object.Set("detail", refused.detail);
    if (refused.tracer != 0) object.Set("tracer", number(env, refused.tracer));
    return object;
}

Napi::Value to_value(Napi::Env env, const inject::Outcome& outcome) {
    if (const auto* refused = std::get_if<inject::Refused>(&outcome)) return to_value(env, *refused);
    if (const auto* unknown = std::get_if<inject::Unknown>(&outcome)) {
        Napi::Object object = with_stop(env, "unknown", unknown->tid, unknown->stopped);
        object.Set("detail", unknown->detail);
        return object;
    }
    const auto& returned = std::get<inject::Returned>(outcome);
    Napi::Object object = with_stop(env, "done", returned.tid, returned.stopped);
    const bool failed = returned.value < 0;
    object.Set("error", failed ? Napi::String::New(env, errno_name(static_cast<int>(-returned.value))) : env.Null());
    return object;
}

}  // namespace guestmem::binding
