"""Read arrays out of a pickle without ever running it.

FLAME is published as a Python 2 pickle of numpy arrays, chumpy arrays and scipy's sparse matrices. Unpickling calls
whatever the file names, so this module does not unpickle: it walks the opcodes itself and knows only how numbers,
texts, lists and dictionaries are written, and the handful of names below, each of which becomes an array. No name in
a file is ever imported, no object of the file's choosing is made, and no memory is asked for that the file's own
bytes do not back: only the values asked for are turned into arrays, once, after their sizes were checked.

Source: CPython's `pickletools` (the opcodes); numpy's, scipy's and chumpy's ``__reduce__`` and ``__getstate__``.
"""

import codecs
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_OPCODES = 200_000
"""A model needs a few hundred; a short file may otherwise ask for hundreds of millions of empty lists."""

MAX_DENSE = 2**24
"""Values of a sparse matrix written out in full, and of a selection out of another array."""

_MAX_TEXT = 200  # characters of a name, a key, a dtype

_NUMBERS = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")


class PickleRefused(Exception):  # noqa: N818 - a refusal, not a bug
    """The file is damaged, or asks for more than arrays; the text says which, as half a sentence."""


@dataclass(frozen=True)
class _Name:
    """What the file would have imported."""

    module: str
    name: str


@dataclass(eq=False)
class _Shell:
    """An object between its creation and the state that fills it."""

    kind: str
    state: Any = None


_ARRAY, _DTYPE, _CH, _SELECT, _CSC, _CSR, _OBJECT, _LIST, _BYTES = (
    "array", "dtype", "ch", "select", "csc", "csr", "object", "list", "bytes",
)  # fmt: skip

_CLASSES = {
    ("numpy", "ndarray"): _ARRAY,
    ("numpy", "dtype"): _DTYPE,
    ("chumpy.ch", "Ch"): _CH,
    ("chumpy.reordering", "Select"): _SELECT,
    ("builtins", "object"): _OBJECT,
    ("builtins", "set"): _LIST,
    ("builtins", "frozenset"): _LIST,
    ("builtins", "list"): _LIST,
    ("builtins", "bytes"): _BYTES,
    **{(f"scipy.sparse.{dot}{kind}", f"{kind}_matrix"): kind for kind in (_CSC, _CSR) for dot in ("", "_")},
}
_FUNCTIONS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("copyreg", "_reconstructor"),
    ("_codecs", "encode"),
}
# Names that moved between Python 2 and 3, and numpy 1 and 2.
_MOVED = {"__builtin__": "builtins", "copy_reg": "copyreg"}


def read_pickle(data: bytes, names: Iterable[str]) -> dict[str, NDArray]:
    """Return those arrays called `names` that the dictionary in `data` holds.

    Chumpy's arrays are reduced to their values, sparse matrices to dense ones. A value that is no array of numbers
    (an array of objects or texts, a list) is left out.

    Raises
    ------
    PickleRefused
        If the file is damaged, names anything outside numpy's, scipy's and chumpy's arrays, or holds no dictionary.
    """
    try:
        found = _Machine(data).run()
        if not isinstance(found, dict):
            raise PickleRefused("it holds no dictionary of arrays")
        values = {name: _value(found[name]) for name in names if name in found}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    except PickleRefused:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, struct.error, OverflowError) as error:
        raise PickleRefused("it is damaged") from error


class _Machine:
    """The pickle machine, without the opcodes and the names that could do more than build arrays."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(MAX_OPCODES):
            code = self.take(1)
            if code == b".":
                return self.stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise PickleRefused(f"it uses the pickle opcode {code!r}, which no array needs")
            step(self)
        raise PickleRefused("it is longer than a model")

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise PickleRefused("it is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise PickleRefused("it is cut short")
        return self.take(end + 1 - self.at)[:-1]

    def since_mark(self) -> list[Any]:
        found, self.stack = self.stack, self.below.pop()
        return found

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop_mark(self) -> None:
        self.since_mark()

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def put(self, key: int) -> None:
        self.memo[key] = self.stack[-1]

    def int_line(self) -> None:
        text = self.line().rstrip(b"L")
        self.push({b"00": False, b"01": True}[text] if text in (b"00", b"01") else int(text))

    def string_line(self) -> None:
        quoted = self.line().strip()
        if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in (b"'", b'"'):
            raise PickleRefused("it is damaged")
        self.push(codecs.escape_decode(quoted[1:-1])[0])

    def long(self, form: str) -> None:
        self.push(int.from_bytes(self.take(self.number(form)), "little", signed=True))

    def append(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise PickleRefused("it is damaged")
        target.extend(values)

    def set_items(self, flat: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise PickleRefused("it is damaged")
        target.update(_pairs(flat))

    def global_(self, module: str, name: str) -> None:
        if module.split(".")[:2] == ["numpy", "_core"]:
            module = module.replace("_core", "core", 1)
        module = _MOVED.get(module, module)
        if (module, name) not in _CLASSES and (module, name) not in _FUNCTIONS:
            asked = f"{module}.{name}"
            shown = asked if asked.isprintable() and len(asked) <= 60 else "something"
            raise PickleRefused(f"it asks for {shown}, which is no array")
        self.push(_Name(module, name))

    def stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.global_(_text(module), _text(name))

    def reduce(self) -> None:
        args, name = self.stack.pop(), self.stack.pop()
        if not isinstance(name, _Name) or not isinstance(args, tuple):
            raise PickleRefused("it is damaged")
        self.push(_call(name, args))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, _Shell):
            raise PickleRefused("it is damaged")
        target.state = _dtype_state(target, state) if target.kind == _DTYPE else state


def _call(name: _Name, args: tuple[Any, ...]) -> Any:
    """Return what a call in the file stands for."""
    kind = _CLASSES.get((name.module, name.name))
    if kind == _DTYPE:
        return _Shell(_DTYPE, _text(args[0]))
    if kind == _LIST:
        return args[0] if args and isinstance(args[0], list) else []
    if kind == _BYTES and not args:
        return b""
    if kind in (_CH, _SELECT, _CSC, _CSR) and not args:
        return _Shell(kind)
    if name.name in ("_reconstruct", "_reconstructor") and isinstance(args[0], _Name):
        made = _CLASSES.get((args[0].module, args[0].name))
        if name.name == "_reconstruct" and made == _ARRAY:
            return _Shell(_ARRAY)
        if name.name == "_reconstructor" and made in (_CH, _SELECT, _CSC, _CSR) and args[2] is None:
            return _Shell(made)
    if name.name == "scalar":
        return _Shell(_ARRAY, (1, (), args[0], False, args[1]))
    if name.name == "_frombuffer":
        data, dtype, shape, order = args
        return _Shell(_ARRAY, (1, shape, dtype, _text(order) == "F", data))
    if name.name == "encode" and _text(args[1]) in ("latin1", "latin-1"):
        return args[0]  # Python 3's way to write bytes in protocol 2; `_array` encodes what is asked for
    raise PickleRefused(f"it calls {name.module}.{name.name} as no array does")


def _dtype_state(shell: _Shell, state: Any) -> str:
    """Return the dtype's text with its byte order; the text stays a text until an array needs it."""
    return _text(_text(state[1]) + shell.state.lstrip("<>|="))


def _array(shape: Any, dtype: Any, fortran: Any, raw: Any) -> NDArray | None:
    """Return an array over bytes of the file, or None if it holds no numbers."""
    if not isinstance(dtype, _Shell) or dtype.kind != _DTYPE:
        raise PickleRefused("it is damaged")
    if isinstance(raw, str):
        raw = raw.encode("latin-1")
    if not isinstance(raw, bytes) or not _NUMBERS.fullmatch(dtype.state):
        return None
    sizes = shape if isinstance(shape, tuple) else (shape,)
    if len(sizes) > 4 or any(type(size) is not int or size < 0 for size in sizes):
        raise PickleRefused("it is damaged")
    kind = np.dtype(dtype.state)
    count = 1
    for size in sizes:
        count *= size
    if count * kind.itemsize != len(raw):
        raise PickleRefused("an array in it has another size than its shape says")
    return np.frombuffer(raw, kind).reshape(sizes, order="F" if fortran else "C")


def _value(value: Any, depth: int = 0) -> Any:
    """Return a finished value."""
    if not isinstance(value, _Shell):
        return value
    if depth > 8:
        raise PickleRefused("it is damaged")
    state = value.state
    if value.kind == _ARRAY:
        _, shape, dtype, fortran, raw = state
        return _array(shape, dtype, fortran, raw)
    if value.kind == _CH:
        return _value(state["x"], depth + 1)
    if value.kind == _SELECT:
        source, indices = (_numbers(_value(state[key], depth + 1)) for key in ("a", "idxs"))
        if indices.size > MAX_DENSE:
            raise PickleRefused("a selection in it is larger than a model's")
        picked = np.ravel(source)[indices]
        return picked.reshape(state.get("preferred_shape", picked.shape))
    if value.kind in (_CSC, _CSR):
        data, indices, indptr = (_numbers(_value(state[key], depth + 1)) for key in ("data", "indices", "indptr"))
        return _dense(value.kind, data, indices, indptr, state)
    return None


def _numbers(value: Any) -> NDArray:
    """Return an array; what numpy would first have to make one of, lists in lists, may grow without end."""
    if not isinstance(value, np.ndarray):
        raise PickleRefused("it is damaged")
    return value


def _dense(kind: str, data: NDArray, indices: NDArray, indptr: NDArray, state: dict[str, Any]) -> NDArray[np.float64]:
    shape = state["_shape"] if "_shape" in state else state["shape"]
    rows, columns = (int(size) for size in shape)
    lines, width = (columns, rows) if kind == _CSC else (rows, columns)
    if min(rows, columns) < 0 or rows * columns > MAX_DENSE:
        raise PickleRefused("a sparse matrix in it is larger than a model's")
    if indptr.dtype.kind not in "iu" or indices.dtype.kind not in "iu" or data.shape != indices.shape:
        raise PickleRefused("a sparse matrix in it is damaged")
    starts = indptr.astype(np.int64)
    inside = len(indices) == 0 or (indices.min() >= 0 and indices.max() < width)
    steps = np.diff(starts)
    if len(starts) != lines + 1 or starts[0] or starts[-1] != len(indices) or (steps < 0).any() or not inside:
        raise PickleRefused("a sparse matrix in it is damaged")
    out = np.zeros((lines, width))
    np.add.at(out, (np.repeat(np.arange(lines), steps), indices), data)
    return out.T if kind == _CSC else out


def _text(value: Any) -> str:
    if not isinstance(value, bytes | str) or len(value) > _MAX_TEXT:
        raise PickleRefused("it is damaged")
    return value if isinstance(value, str) else value.decode("latin-1")


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    """Return the dictionary of alternating keys and values; keys are texts or whole numbers."""
    keys = [key if type(key) is int else _text(key) for key in flat[::2]]
    return dict(zip(keys, flat[1::2], strict=True))


def _tuple(count: int) -> Callable[[_Machine], None]:
    def step(m: _Machine) -> None:
        if len(m.stack) < count:
            raise PickleRefused("it is damaged")
        m.stack[len(m.stack) - count :] = [tuple(m.stack[len(m.stack) - count :])]

    return step


_STEPS: dict[bytes, Callable[[_Machine], Any]] = {
    b"\x80": lambda m: m.take(1),  # PROTO
    b"\x95": lambda m: m.take(8),  # FRAME
    b"(": _Machine.mark,
    b"0": lambda m: m.stack.pop(),
    b"1": _Machine.pop_mark,
    b"2": lambda m: m.push(m.stack[-1]),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": _Machine.int_line,
    b"L": _Machine.int_line,
    b"J": lambda m: m.push(m.number("<i")),
    b"K": lambda m: m.push(m.number("<B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"\x8a": lambda m: m.long("<B"),
    b"F": lambda m: m.push(float(m.line())),
    b"G": lambda m: m.push(m.number(">d")),
    b"S": _Machine.string_line,
    b"T": lambda m: m.push(m.take(m.number("<i"))),
    b"U": lambda m: m.push(m.take(m.number("<B"))),
    b"B": lambda m: m.push(m.take(m.number("<I"))),
    b"C": lambda m: m.push(m.take(m.number("<B"))),
    b"\x8e": lambda m: m.push(m.take(m.number("<Q"))),
    b"\x96": lambda m: m.push(m.take(m.number("<Q"))),  # a bytearray, which nothing here writes to
    b"V": lambda m: m.push(m.line().decode("raw-unicode-escape")),
    b"X": lambda m: m.push(m.take(m.number("<I")).decode("utf-8", "surrogatepass")),
    b"\x8c": lambda m: m.push(m.take(m.number("<B")).decode("utf-8", "surrogatepass")),
    b"\x8d": lambda m: m.push(m.take(m.number("<Q")).decode("utf-8", "surrogatepass")),
    b"]": lambda m: m.push([]),
    b"\x8f": lambda m: m.push([]),  # a set: its members are all that matters
    b"l": lambda m: m.push(m.since_mark()),
    b"\x91": lambda m: m.push(m.since_mark()),
    b"a": lambda m: m.append([m.stack.pop()]),
    b"e": lambda m: m.append(m.since_mark()),
    b"\x90": lambda m: m.append(m.since_mark()),
    b")": lambda m: m.push(()),
    b"t": lambda m: m.push(tuple(m.since_mark())),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"}": lambda m: m.push({}),
    b"d": lambda m: m.push(_pairs(m.since_mark())),
    b"s": lambda m: m.set_items([m.stack.pop(-2), m.stack.pop()]),
    b"u": lambda m: m.set_items(m.since_mark()),
    b"g": lambda m: m.push(m.memo[int(m.line())]),
    b"h": lambda m: m.push(m.memo[m.number("<B")]),
    b"j": lambda m: m.push(m.memo[m.number("<I")]),
    b"p": lambda m: m.put(int(m.line())),
    b"q": lambda m: m.put(m.number("<B")),
    b"r": lambda m: m.put(m.number("<I")),
    b"\x94": lambda m: m.put(len(m.memo)),
    b"c": lambda m: m.global_(m.line().decode("latin-1"), m.line().decode("latin-1")),
    b"\x93": _Machine.stack_global,
    b"R": _Machine.reduce,
    b"\x81": _Machine.reduce,  # NEWOBJ calls a class; here both only name what is to be filled
    b"b": _Machine.build,
}
