"""Eight float32 in one register: explicit vector code for numba kernels.

LLVM vectorises a plain loop only if it finds the right shape and keeps nothing in registers from one
iteration to the next. Here the kernel says what it means: ``load`` eight neighbours, compute with ``+ - * /``,
``store`` them. LLVM maps the vectors to whatever the processor has (one AVX register, two of SSE or NEON).

The functions are numba intrinsics: they exist inside ``@njit`` code only.
"""

import operator
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, extending, types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.extending import register_model
from numba.extending import lower_builtin, type_callable

# Its callers do not pass the typing context, which type checkers cannot know.
intrinsic: Any = extending.intrinsic

f32 = np.float32
WIDTH = 8

_FLOATS = ir.VectorType(ir.FloatType(), WIDTH)
_INTS = ir.VectorType(ir.IntType(32), WIDTH)
_MANTISSA_BITS, _EXPONENT_BIAS = 23, 127


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__("Lanes")


lanes = _Lanes()


@register_model(_Lanes)
class _LanesModel(PrimitiveModel):
    def __init__(self, manager: Any, numba_type: types.Type) -> None:
        super().__init__(manager, numba_type, _FLOATS)


def _whole(value: int) -> ir.Constant:
    return ir.Constant(_INTS, [value] * WIDTH)


def _shuffle(builder: Any, a: Any, b: Any, picks: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(_INTS, picks))


def _arithmetic(python_operator: Any, instruction: str) -> None:
    @type_callable(python_operator)
    def typed(context):
        def result(a, b):
            if isinstance(a, _Lanes) and isinstance(b, _Lanes):
                return lanes
            return None

        return result

    @lower_builtin(python_operator, _Lanes, _Lanes)
    def lowered(context, builder, signature, args):
        return getattr(builder, instruction)(*args)


for _operator, _instruction in {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
}.items():
    _arithmetic(_operator, _instruction)


@intrinsic
def splat(typing, number):
    """Return eight times the same number."""

    def code(context, builder, signature, args):
        scalar = context.cast(builder, args[0], signature.args[0], types.float32)
        undefined = ir.Constant(_FLOATS, ir.Undefined)
        first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        return _shuffle(builder, first, undefined, [0] * WIDTH)

    return lanes(number), code


@intrinsic
def iota(typing):
    """Return 0, 1, ... 7."""

    def code(context, builder, signature, args):
        return ir.Constant(_FLOATS, [float(lane) for lane in range(WIDTH)])

    return lanes(), code


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _FLOATS.as_pointer())


@intrinsic
def load(typing, array, index):
    """Return the eight values of a contiguous float32 array ``[n]`` from `index` (uint64) on."""

    def code(context, builder, signature, args):
        loaded = builder.load(_address(context, builder, signature.args[0], *args))
        loaded.align = 4
        return loaded

    return lanes(array, index), code


@intrinsic
def store(typing, array, index, values):
    """Write eight values to a contiguous float32 array ``[n]`` from `index` (uint64) on."""

    def code(context, builder, signature, args):
        where = _address(context, builder, signature.args[0], *args[:2])
        builder.store(args[2], where).align = 4
        return context.get_dummy_value()

    return types.void(array, index, values), code


@intrinsic
def select_less(typing, a, b, then, otherwise):
    """Return, lane by lane, `then` where a < b and `otherwise` where not (or where one of them is NaN)."""

    def code(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return lanes(a, b, then, otherwise), code


@intrinsic
def greater(typing, a, b):
    """Return the greater of each pair; `b` where `a` is NaN."""

    def code(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return lanes(a, b), code


@intrinsic
def lesser(typing, a, b):
    """Return the lesser of each pair; `b` where `a` is NaN."""

    def code(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered("<", *args), *args)

    return lanes(a, b), code


def _llvm_function(name: str):
    """Build an intrinsic from an LLVM function of one vector."""

    @intrinsic
    def function(typing, values):
        def code(context, builder, signature, args):
            kind = ir.FunctionType(_FLOATS, [_FLOATS])
            return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v8f32"), args)

        return lanes(values), code

    return function


floor = _llvm_function("floor")
root = _llvm_function("sqrt")


@intrinsic
def total(typing, values):
    """Return the sum of the eight lanes; always added in the same order."""

    def code(context, builder, signature, args):
        (partial,) = args
        for half in (4, 2, 1):
            partial = builder.fadd(partial, _shuffle(builder, partial, partial, [*range(half, WIDTH), *range(half)]))
        return builder.extract_element(partial, ir.Constant(ir.IntType(32), 0))

    return types.float32(values), code


@intrinsic
def power_of_two(typing, exponent):
    """Return 2ⁿ for whole n from −126 to 127."""

    def code(context, builder, signature, args):
        bits = builder.add(builder.fptosi(args[0], _INTS), _whole(_EXPONENT_BIAS))
        return builder.bitcast(builder.shl(bits, _whole(_MANTISSA_BITS)), _FLOATS)

    return lanes(exponent), code


@intrinsic
def exponent_of(typing, values):
    """Return the n of m 2ⁿ, 1 <= m < 2, for positive normal numbers."""

    def code(context, builder, signature, args):
        bits = builder.lshr(builder.bitcast(args[0], _INTS), _whole(_MANTISSA_BITS))
        return builder.sitofp(builder.sub(bits, _whole(_EXPONENT_BIAS)), _FLOATS)

    return lanes(values), code


@intrinsic
def mantissa_of(typing, values):
    """Return the m of m 2ⁿ, 1 <= m < 2, for positive normal numbers."""

    def code(context, builder, signature, args):
        bits = builder.and_(builder.bitcast(args[0], _INTS), _whole((1 << _MANTISSA_BITS) - 1))
        return builder.bitcast(builder.or_(bits, _whole(_EXPONENT_BIAS << _MANTISSA_BITS)), _FLOATS)

    return lanes(values), code


def _columns(count: int):
    """Build an intrinsic that reads 8 rows of `count` numbers and returns the columns."""

    @intrinsic
    def load_columns(typing, array, index):
        def code(context, builder, signature, args):
            address = _address(context, builder, signature.args[0], *args)
            parts = []
            for k in range(count):
                part = builder.load(builder.gep(address, [ir.Constant(ir.IntType(64), k)]))
                part.align = 4
                parts.append(part)
            columns = [_pick(builder, parts, [count * row + k for row in range(WIDTH)]) for k in range(count)]
            return context.make_tuple(builder, signature.return_type, columns)

        return types.UniTuple(lanes, count)(array, index), code

    return load_columns


@intrinsic
def store_columns_3(typing, array, index, columns):
    """Write 8 rows of 3 numbers, given as the tuple of the 3 columns, from `index` (uint64) on."""

    def code(context, builder, signature, args):
        address = _address(context, builder, signature.args[0], *args[:2])
        values = cgutils.unpack_tuple(builder, args[2], 3)
        for k in range(3):
            numbers = range(WIDTH * k, WIDTH * (k + 1))
            part = _pick(builder, values, [WIDTH * (number % 3) + number // 3 for number in numbers])
            builder.store(part, builder.gep(address, [ir.Constant(ir.IntType(64), k)])).align = 4
        return context.get_dummy_value()

    return types.void(array, index, columns), code


def _pick(builder: Any, parts: list[Any], places: list[int]) -> Any:
    """Gather the given places of concatenated vectors into one vector."""
    picked = parts[0]
    for k, part in enumerate(parts):
        picks = [WIDTH + place - WIDTH * k if place // WIDTH == k else lane for lane, place in enumerate(places)]
        picked = _shuffle(builder, picked, part, picks)
    return picked


load_columns_3 = _columns(3)
load_columns_4 = _columns(4)


@intrinsic
def store_rows(typing, array, index, columns):
    """Write 8 rows of 16 numbers, given as the tuple of the 16 columns, from `index` (uint64) on."""

    def code(context, builder, signature, args):
        address = _address(context, builder, signature.args[0], *args[:2])
        values = cgutils.unpack_tuple(builder, args[2], 2 * WIDTH)
        for half in range(2):
            for row, part in enumerate(_transposed(builder, values[half * WIDTH : (half + 1) * WIDTH])):
                place = builder.gep(address, [ir.Constant(ir.IntType(64), 2 * row + half)])
                builder.store(part, place).align = 4
        return context.get_dummy_value()

    return types.void(array, index, columns), code


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose 8 vectors of 8 in three rounds of exchanging ever larger blocks."""
    for size in (1, 2, 4):
        low, high = [], []
        for lane in range(WIDTH):
            partner = lane % size + lane // (2 * size) * 2 * size
            low.append(partner if lane // size % 2 == 0 else WIDTH + partner)
            high.append(low[-1] + size)
        mixed = list(rows)
        for row in range(WIDTH):
            if row // size % 2 == 0:
                pair = rows[row], rows[row + size]
                mixed[row] = _shuffle(builder, *pair, low)
                mixed[row + size] = _shuffle(builder, *pair, high)
        rows = mixed
    return rows


@numba.njit(inline="always")
def exp_of(x):
    """Return eˣ for −87 <= x <= 87, to 2 units in the last place (after Cephes' expf)."""
    n = floor(x * splat(f32(1.44269504)) + splat(f32(0.5)))
    t = x - n * splat(f32(0.693359375)) + n * splat(f32(2.12194440e-4))
    p = splat(f32(1.9875691500e-4)) * t + splat(f32(1.3981999507e-3))
    p = p * t + splat(f32(8.3334519073e-3))
    p = p * t + splat(f32(4.1665795894e-2))
    p = p * t + splat(f32(1.6666665459e-1))
    p = p * t + splat(f32(0.5))
    return (p * t * t + t + splat(f32(1))) * power_of_two(n)


@numba.njit(inline="always")
def log_of(x):
    """Return ln x of positive normal numbers, to 2 units in the last place (after Cephes' logf)."""
    one, half = splat(f32(1)), splat(f32(0.5))
    m, e = mantissa_of(x), exponent_of(x)
    turn = splat(f32(1.41421356))
    e = select_less(turn, m, e + one, e)
    t = select_less(turn, m, m * half, m) - one
    p = splat(f32(7.0376836292e-2)) * t + splat(f32(-1.1514610310e-1))
    p = p * t + splat(f32(1.1676998740e-1))
    p = p * t + splat(f32(-1.2420140846e-1))
    p = p * t + splat(f32(1.4249322787e-1))
    p = p * t + splat(f32(-1.6668057665e-1))
    p = p * t + splat(f32(2.0000714765e-1))
    p = p * t + splat(f32(-2.4999993993e-1))
    p = p * t + splat(f32(3.3333331174e-1))
    return t + t * t * (t * p - half) + e * splat(f32(0.69314718056))
