"""Tiling data: the scalars that the host decides and a kernel reads at its start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    ModuleOp,
    StringAttr,
    SymbolNameConstraint,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue, TypeAttribute
from xdsl.irdl import (
    BaseAttr,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    Pure,
    SymbolOpInterface,
    SymbolTable,
)

from ligrad_ir.dialects.ascendc.base import (
    SCALAR,
    AscendCOp,
    require,
    require_identifier,
    string,
)
from ligrad_ir.dialects.ascendc.types import ELEMENTS, AddressType, TilingType


@irdl_op_definition
class TilingFieldOp(AscendCOp):
    """`type name;` in a tiling struct: a scalar that the host decides."""

    name = "ascendc.tiling_field"

    sym_name = prop_def(SymbolNameConstraint())
    type = prop_def(BaseAttr(TypeAttribute))

    traits = traits_def(SymbolOpInterface())
    assembly_format = "$sym_name `:` $type attr-dict"

    def __init__(self, name: str, type: Attribute, comment: str | None = None):
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "type": type,
                "comment": string(comment),
            }
        )

    def check(self) -> None:
        require_identifier(self.sym_name.data)  # tiling_field_c1
        require(  # tiling_field_c2
            self.type in ELEMENTS, f"tiling data has scalar fields, not {self.type}"
        )


@irdl_op_definition
class TilingStructOp(AscendCOp):
    """
    `struct sym_name { fields };`, shared by host and kernel.

    With `header` the struct stands in that file, and the kernel includes it.
    """

    name = "ascendc.tiling_struct"

    sym_name = prop_def(SymbolNameConstraint())
    header = opt_prop_def(StringAttr)
    body = region_def("single_block")

    traits = traits_def(NoTerminator(), SymbolOpInterface(), SymbolTable())
    assembly_format = "$sym_name (`in` $header^)? attr-dict-with-keyword $body"

    def __init__(
        self,
        name: str,
        fields: Sequence[TilingFieldOp],
        header: str | None = None,
        comment: str | None = None,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "header": string(header),
                "comment": string(comment),
            },
            regions=[Region(Block(fields))],
        )

    def fields(self) -> dict[str, Attribute]:
        """The types of the fields by name, in order."""
        return {
            op.sym_name.data: op.type
            for op in self.body.block.ops
            if isinstance(op, TilingFieldOp)
        }

    def check(self) -> None:
        require_identifier(self.sym_name.data)  # tiling_struct_c1
        fields = [isinstance(op, TilingFieldOp) for op in self.body.block.ops]
        require(  # tiling_struct_c2
            bool(fields) and all(fields), "a tiling struct has fields, and only those"
        )


@irdl_op_definition
class RegisterTilingOp(AscendCOp):
    """`REGISTER_TILING_DEFAULT(struct);`. Page "REGISTER_TILING_DEFAULT"."""

    name = "ascendc.register_tiling"

    struct = prop_def(SymbolNameConstraint())
    assembly_format = "$struct attr-dict"

    def __init__(self, struct: str):
        super().__init__(properties={"struct": StringAttr(struct)})

    def check(self) -> None:
        _struct_of(self, self.struct.data)  # register_tiling_c1


@irdl_op_definition
class GetTilingDataOp(AscendCOp):
    """`GET_TILING_DATA(result, tiling);`: a copy of the registered struct on the stack.

    Page "GET_TILING_DATA".
    """

    name = "ascendc.get_tiling_data"

    tiling = operand_def(AddressType)
    result = result_def(TilingType)
    assembly_format = "$tiling attr-dict `:` type($result)"

    traits = traits_def(Pure())

    def __init__(self, tiling: SSAValue, struct: str):
        super().__init__(operands=[tiling], result_types=[TilingType(struct)])

    def check(self) -> None:
        struct = self.result.type.struct.data
        _struct_of(self, struct)  # get_tiling_data_c1
        others = self.parent.ops if self.parent is not None else ()
        registered = [op for op in others if isinstance(op, RegisterTilingOp)]
        require(  # get_tiling_data_c2
            self.parent is None or struct in {op.struct.data for op in registered},
            f"the kernel has not registered the tiling struct @{struct}",
        )


@irdl_op_definition
class TilingMemberOp(AscendCOp):
    """`const type result = tiling.member;`"""

    name = "ascendc.tiling_member"

    tiling = operand_def(TilingType)
    member = prop_def(SymbolNameConstraint())
    result = result_def(SCALAR)
    assembly_format = "$tiling $member attr-dict `:` functional-type(operands, results)"

    traits = traits_def(Pure())

    def __init__(self, tiling: SSAValue, member: str, type: Attribute):
        super().__init__(
            operands=[tiling],
            properties={"member": StringAttr(member)},
            result_types=[type],
        )

    def check(self) -> None:
        name = cast(TilingType, self.tiling.type).struct.data
        if (struct := _struct_of(self, name)) is not None:
            type = struct.fields().get(self.member.data)
            require(  # tiling_member_c1
                type == self.result.type,
                f"{name}::{self.member.data} is {type or 'missing'}, "
                f"not {self.result.type}",
            )


@irdl_op_definition
class HostFunctionOp(AscendCOp):
    """
    `inline int64_t sym_name(const Tiling& tiling, int64_t blocks) { body }`

    What the host computes before a launch, from the tiling data and the number of
    blocks: scalars only. With `header` it stands in that file.
    """

    name = "ascendc.host_function"

    sym_name = prop_def(SymbolNameConstraint())
    header = opt_prop_def(StringAttr)
    body = region_def("single_block")

    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())
    assembly_format = "$sym_name (`in` $header^)? attr-dict-with-keyword $body"

    def __init__(
        self,
        name: str,
        body: Region,
        header: str | None = None,
        comment: str | None = None,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "header": string(header),
                "comment": string(comment),
            },
            regions=[body],
        )

    def check(self) -> None:
        require_identifier(self.sym_name.data)  # host_function_c1
        types = [type(arg.type) for arg in self.body.block.args]
        numbers = [arg.type == i64 for arg in self.body.block.args]
        require(  # host_function_c2
            types[:1] == [TilingType] and numbers[1:] == [True],
            "a host function takes tiling data and the number of blocks",
        )
        require(  # host_function_c3
            isinstance(self.body.block.last_op, ReturnValueOp),
            "a host function ends in a value",
        )


@irdl_op_definition
class ReturnValueOp(AscendCOp):
    """`return value;`: the result of a host function."""

    name = "ascendc.return_value"

    value = operand_def(eq(i64))

    traits = traits_def(IsTerminator(), HasParent(HostFunctionOp))
    assembly_format = "$value attr-dict"

    def __init__(self, value: SSAValue | Operation):
        super().__init__(operands=[value])


def _struct_of(op: Operation, name: str) -> TilingStructOp | None:
    """The struct of that name in the module; None where the module is not known."""
    module = op.parent_op()
    while module is not None and not isinstance(module, ModuleOp):
        module = module.parent_op()
    if module is None:
        return None
    struct = SymbolTable.lookup_symbol(module, name)
    if isinstance(struct, TilingStructOp):
        return struct
    require(False, f"the module has no tiling struct @{name}")
    return None


OPS: Sequence[type[Operation]] = (
    GetTilingDataOp,
    HostFunctionOp,
    RegisterTilingOp,
    ReturnValueOp,
    TilingFieldOp,
    TilingMemberOp,
    TilingStructOp,
)
