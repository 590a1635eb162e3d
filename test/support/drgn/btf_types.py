"""Types for drgn from a kernel's BTF, for a kernel that comes without DWARF.

The format is that of Documentation/bpf/btf.rst. Members are looked up when drgn first asks for them, so only the few
types that a walk touches are ever made.
"""
import struct

from drgn import Object, Qualifiers, TypeEnumerator, TypeKind, TypeMember, TypeParameter

VOID, INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT = range(12)
FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(12, 20)

# Bytes that follow the 12 of every type: fixed ones, and those for each of its `vlen` members.
EXTRA = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}
EXTRA_EACH = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}

# The kind in BTF of what drgn asks for by name.
NAMED = {
    TypeKind.INT: INT,
    TypeKind.BOOL: INT,
    TypeKind.FLOAT: FLOAT,
    TypeKind.STRUCT: STRUCT,
    TypeKind.UNION: UNION,
    TypeKind.ENUM: ENUM,
    TypeKind.TYPEDEF: TYPEDEF,
}

QUALIFIERS = {VOLATILE: Qualifiers.VOLATILE, CONST: Qualifiers.CONST, RESTRICT: Qualifiers.RESTRICT}


class BtfTypes:
    def __init__(self, prog, path="/sys/kernel/btf/vmlinux"):
        self.prog = prog
        with open(path, "rb") as file:
            self.data = file.read()
        magic, _, _, header, types, types_size, strings, _ = struct.unpack_from("<HBBIIIII", self.data)
        if magic != 0xEB9F:
            raise ValueError(f"{path} is no BTF")
        self.strings = header + strings
        self.offsets = [0]  # By id; 0 is void and stands nowhere.
        self.named = {}
        self.made = {0: prog.void_type()}
        offset = header + types
        while offset < header + types + types_size:
            name, info = struct.unpack_from("<II", self.data, offset)
            kind = info >> 24 & 0x1F
            if name:
                self.named.setdefault((ENUM if kind == ENUM64 else kind, self.string(name)), len(self.offsets))
            self.offsets.append(offset)
            offset += 12 + EXTRA.get(kind, 0) + EXTRA_EACH.get(kind, 0) * (info & 0xFFFF)

    def find(self, kind, name, filename):
        """A drgn type finder. BTF knows no source files."""
        number = self.named.get((NAMED.get(kind), name))
        return None if number is None or filename else self.type(number)

    def find_constant(self, name):
        """An enumerator, of an enum with or without a name; None when there is none."""
        for number, offset in enumerate(self.offsets[1:], 1):
            (info,) = struct.unpack_from("<I", self.data, offset + 4)
            if info >> 24 & 0x1F in (ENUM, ENUM64):
                type_ = self.type(number)
                for enumerator in type_.enumerators or ():
                    if enumerator.name == name:
                        return Object(self.prog, type_, enumerator.value)
        return None

    def string(self, offset):
        start = self.strings + offset
        return self.data[start : self.data.index(b"\0", start)].decode()

    def type(self, number):
        if number not in self.made:
            self.made[number] = self.make(number)
        return self.made[number]

    def make(self, number):
        offset = self.offsets[number]
        name, info, size_or_type = struct.unpack_from("<III", self.data, offset)
        kind, flag = info >> 24 & 0x1F, bool(info >> 31)
        name = self.string(name) or None
        follows = offset + 12
        prog = self.prog
        if kind == INT:
            return self.make_int(name, size_or_type, follows)
        if kind == FLOAT:
            return prog.float_type(name, size_or_type)
        if kind == PTR:
            return prog.pointer_type(self.type(size_or_type))
        if kind == ARRAY:
            element, _, length = struct.unpack_from("<III", self.data, follows)
            return prog.array_type(self.type(element), length)
        if kind in (STRUCT, UNION):
            make = prog.struct_type if kind == STRUCT else prog.union_type
            return make(name, size_or_type, list(self.members(follows, info & 0xFFFF, flag)))
        if kind == FWD:
            return (prog.union_type if flag else prog.struct_type)(name)
        if kind in (ENUM, ENUM64):
            return self.make_enum(name, kind, size_or_type, follows, info & 0xFFFF, flag)
        if kind == TYPEDEF:
            return prog.typedef_type(name, self.type(size_or_type))
        if kind in QUALIFIERS:
            type_ = self.type(size_or_type)
            return type_.qualified(type_.qualifiers | QUALIFIERS[kind])
        if kind == TYPE_TAG:
            return self.type(size_or_type)
        if kind == FUNC_PROTO:
            return self.make_function(size_or_type, follows, info & 0xFFFF)
        raise ValueError(f"type {number} of kind {kind} is no type of a value")

    def make_int(self, name, size, follows):
        (encoding,) = struct.unpack_from("<I", self.data, follows)
        if encoding >> 24 & 4:
            return self.prog.bool_type(name, size)
        return self.prog.int_type(name, size, bool(encoding >> 24 & 1))

    def members(self, follows, count, has_bit_fields):
        for i in range(count):
            name, number, offset = struct.unpack_from("<III", self.data, follows + 12 * i)
            bits = offset >> 24 if has_bit_fields else 0
            offset = offset & 0xFFFFFF if has_bit_fields else offset
            yield TypeMember(self.member(number, bits), self.string(name) or None, offset)

    def member(self, number, bits):
        if bits:
            return lambda: Object(self.prog, self.type(number), bit_field_size=bits)
        return lambda: self.type(number)

    def make_enum(self, name, kind, size, follows, count, is_signed):
        step, layout = (12, "<Iii" if is_signed else "<III") if kind == ENUM64 else (8, "<Ii" if is_signed else "<II")
        values = []
        for i in range(count):
            label, low, *high = struct.unpack_from(layout, self.data, follows + step * i)
            values.append(TypeEnumerator(self.string(label), (high[0] << 32 | low & 0xFFFFFFFF) if high else low))
        number = self.prog.int_type("int" if is_signed else "unsigned int", size, is_signed)
        return self.prog.enum_type(name, number, values)

    def make_function(self, returns, follows, count):
        parameters = []
        for i in range(count):
            name, number = struct.unpack_from("<II", self.data, follows + 8 * i)
            if number:  # The last one of a variadic function is void.
                parameters.append(TypeParameter(self.member(number, 0), self.string(name) or None))
        return self.prog.function_type(self.type(returns), parameters, len(parameters) < count)
