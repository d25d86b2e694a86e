"""Kernels built in Python: every constructor gives what the parser gives."""

from __future__ import annotations

from pathlib import Path

from xdsl.builder import ImplicitBuilder
from xdsl.dialects.builtin import ModuleOp, bf16, f16, f32, i1, i32
from xdsl.ir import Block, Region

from backends.ascendc.printer import print_kernel
from backends.twin.build import build
from ligrad_ir.dialects.ascendc import (
    core,
    cube,
    memory,
    move,
    scalar,
    select,
    sync,
    tiling,
    vector,
)
from ligrad_ir.dialects.ascendc.enums import (
    Arithmetic,
    CmpMode,
    HardEvent,
    KernelType,
    Layout,
    Pipe,
    Position,
    QuantMode,
    RoundMode,
    SelMode,
)
from ligrad_ir.dialects.ascendc.types import (
    AddressType,
    GlobalType,
    LocalType,
    ui8,
    ui16,
    ui32,
    ui64,
)
from ligrad_ir.dialects.ascendc.vector_base import UnaryRepeatParamsOp
from tests.ascendc.programs import parsed


def cube_body(pipe: memory.TPipeOp, zero: scalar.ConstantOp) -> Region:
    block = Block()
    with ImplicitBuilder(block):
        h0, h1, h16 = (scalar.ConstantOp(n, ui16) for n in (0, 1, 16))
        b0, b1 = (scalar.ConstantOp(n, ui8) for n in (0, 1))
        no, yes = scalar.ConstantOp(0, i1), scalar.ConstantOp(1, i1)
        size, count, start = (scalar.ConstantOp(n, ui32) for n in (1024, 256, 0))
        tensors: dict[Position, memory.GetWithOffsetOp] = {}
        for position in (Position.A1, Position.A2, Position.B2, Position.CO1):
            buffer = memory.TBufOp(position)
            memory.InitBufferOp(pipe, buffer, size)
            element = f32 if position == Position.CO1 else bf16
            tensors[position] = memory.GetWithOffsetOp(
                buffer, count, start, result=LocalType(element, position)
            )
        a1, a2, b2, co1 = tensors.values()
        source = memory.GlobalTensorOp(GlobalType(bf16))
        nd2nz = move.Nd2NzParamsOp(
            ndNum=h1,
            nValue=h16,
            dValue=h16,
            srcNdMatrixStride=h0,
            srcDValue=h16,
            dstNzC0Stride=h16,
            dstNzNStride=h1,
            dstNzMatrixStride=h0,
        )
        move.DataCopyNd2NzOp(a1, source, nd2nz)
        fractal = cube.LoadData2DParamsOp(
            startIndex=h0,
            repeatTimes=b1,
            srcStride=h1,
            sid=b0,
            dstGap=h0,
            ifTranspose=no,
            addrMode=b0,
        )
        cube.LoadDataOp(a2, a1, fractal)
        cube.LoadDataOp(b2, a1, fractal)
        extents = cube.MmadParamsOp(
            m=h16, n=h16, k=h16, unitFlag=b0, cmatrixSource=no, cmatrixInitVal=yes
        )
        cube.MmadOp(co1, a2, b2, extents)
        out = cube.FixpipeParamsOp(
            quantPre=QuantMode.F322BF16,
            nSize=h16,
            mSize=h16,
            srcStride=h16,
            dstStride=scalar.ConstantOp(16, ui32),
            reluEn=yes,
            ndNum=h1,
            srcNdStride=h0,
            dstNdStride=h0,
            unitFlag=b0,
        )
        cube.FixpipeOp(Layout.ROW_MAJOR, source, co1, out, comment="out")
        sync.CrossCoreSetFlagOp(2, Pipe.FIX, zero)
    return Region(block)


def vector_body(pipe: memory.TPipeOp, zero: scalar.ConstantOp) -> Region:
    block = Block()
    with ImplicitBuilder(block):
        sync.CrossCoreWaitFlagOp(zero)
        buffer = memory.TBufOp(Position.VECCALC)
        memory.InitBufferOp(pipe, buffer, scalar.ConstantOp(4096, ui32))
        count = scalar.ConstexprOp(128, ui32)
        count.result.name_hint = "count"
        at = [scalar.ConstantOp(n * 512, ui32) for n in range(4)]
        x, y = (
            memory.GetWithOffsetOp(
                buffer, count, offset, result=LocalType(f32, Position.VECCALC)
            )
            for offset in at[:2]
        )
        bits = memory.ReinterpretCastOp(
            y, result=LocalType(f16, Position.VECCALC), comment="the same bytes"
        )
        narrow = memory.GetWithOffsetOp(
            buffer, count, at[3], result=LocalType(f16, Position.VECCALC)
        )
        half_scale = scalar.ConstantOp(0.5, f16)
        vector.DuplicateOp(bits, half_scale, count)
        vector.MulsOp(x, x, scalar.ConstantOp(2.0, f32), count)
        vector.CastOp(RoundMode.RINT, narrow, x, count, comment="to half")
        strides = UnaryRepeatParamsOp(
            dstBlkStride=scalar.ConstantOp(1, ui16),
            srcBlkStride=scalar.ConstantOp(1, ui16),
            dstRepStride=scalar.ConstantOp(8, ui8),
            srcRepStride=scalar.ConstantOp(8, ui8),
        )
        mask, two = scalar.ConstantOp(64, ui64), scalar.ConstantOp(2, ui8)
        vector.ReluRepeatOp(y, x, mask, two, strides)
        signs = memory.GetWithOffsetOp(
            buffer, count, at[2], result=LocalType(ui8, Position.VECCALC)
        )
        nothing = scalar.ConstantOp(0.0, f32)
        select.CompareScalarOp(CmpMode.GT, signs, x, nothing, count)
        select.SelectScalarOp(SelMode.TENSOR_SCALAR, y, signs, x, nothing, count)
        sync.SetFlagOp(HardEvent.V_S, zero)
        sync.WaitFlagOp(HardEvent.V_S, zero)
        value = memory.GetValueOp(y, zero, result=f32)
        memory.SetValueOp(memory.TensorAtOp(y, zero), zero, value)
        sync.SyncAllOp(True)
    return Region(block)


def built() -> ModuleOp:
    module = ModuleOp([])
    struct = tiling.TilingStructOp("Data", [tiling.TilingFieldOp("n", i32)])
    leave, stay = Block([core.ReturnOp()]), Block([core.CommentOp("go on")])
    with ImplicitBuilder(module.body):
        core.IncludeOp("kernel_operator.h")
        body = Block(arg_types=[AddressType(), AddressType()])
        core.KernelOp("built", Region(body), comment="built in Python")
    module.body.block.insert_op_before(struct, module.body.block.last_op)
    with ImplicitBuilder(body):
        tiling.RegisterTilingOp("Data")
        data = tiling.GetTilingDataOp(body.args[1], "Data")
        core.KernelTypeOp(KernelType.MIX_AIC_1_2)
        core.UnusedOp(body.args[0])
        n = tiling.TilingMemberOp(data.result, "n", i32)
        n.result.name_hint = "n"
        zero, one = scalar.ConstantOp(0, i32), scalar.ConstantOp(1, i32)
        total = scalar.VariableOp(zero)
        loop = Block(arg_types=[i32])
        core.ForOp(zero, n, one, Region(loop))
        now = scalar.ReadOp(total)
        empty = scalar.CmpOp(CmpMode.EQ, now, zero)
        core.IfOp(empty, Region(leave), Region(stay))
        pipe = memory.TPipeOp()
        core.OnAicOp(cube_body(pipe, zero))
        core.OnAivOp(vector_body(pipe, zero))
    with ImplicitBuilder(loop):
        before = scalar.ReadOp(total)
        doubled = scalar.ArithmeticOp(Arithmetic.ADD, before, loop.args[0])
        wide = scalar.ScalarCastOp(doubled, ui32)
        narrow = scalar.ScalarCastOp(wide, i32)
        positive = scalar.CmpOp(CmpMode.GT, narrow, zero)
        scalar.AssignOp(total, scalar.ChooseOp(positive, narrow, zero))
    return module


def test_a_kernel_built_in_python_is_what_its_text_says() -> None:
    module = built()
    module.verify()
    source = print_kernel(module)
    assert "// built in Python\n" in source
    assert "constexpr uint32_t count = 128u;" in source
    assert print_kernel(parsed(str(module))) == source


def test_a_kernel_built_in_python_compiles(tmp_path: Path) -> None:
    file = tmp_path / "built.cpp"
    file.write_text(print_kernel(built()))
    assert build([file], "built").arity == 2
