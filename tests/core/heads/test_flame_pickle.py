"""Arrays come out of a pickle; nothing else ever does."""

import os
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from dome import Ch, Select, python2_pickle
from hypothesis import given
from hypothesis import strategies as st

from studio.core.heads.flame_pickle import MAX_OPCODES, PickleRefused, read_pickle

RNG = np.random.default_rng(0)
VALUES: dict[str, Any] = {
    "double": RNG.normal(size=(7, 3, 40)),
    "fortran": np.asfortranarray(RNG.normal(size=(5, 4)).astype(np.float32)),
    "index": np.array([[2**32 - 1, 0, 1], [0, 1, 2]], np.uint32),
    "big_endian": np.arange(5, dtype=">i8"),
    "csc": scipy.sparse.csc_matrix(np.diag([1.0, 0, 3])[:2]),
    "csr": scipy.sparse.csr_matrix(np.diag([1.0, 0, 3])[:2]),
    "number": np.float32(2.5),
    "text": "lbs",
    "objects": np.array([None, {}]),
    "texts": np.array(["a", "b"]),
    "list": [1, 2.5, True, None, -(2**40)],
}
ARRAYS = ("double", "fortran", "index", "big_endian", "csc", "csr", "number")


def check(found: dict[str, np.ndarray]) -> None:
    assert set(found) == set(ARRAYS)
    for name in ARRAYS:
        value = VALUES[name]
        expected = value.toarray() if scipy.sparse.issparse(value) else np.asarray(value)
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_arrays_of_python_2_come_out_as_they_went_in(protocol: int) -> None:
    check(read_pickle(python2_pickle(VALUES, protocol), VALUES))


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_of_python_3_come_out_as_they_went_in(protocol: int) -> None:
    check(read_pickle(pickle.dumps(VALUES, protocol), VALUES))


@pytest.mark.parametrize("protocol", [0, 2])
def test_chumpy_is_reduced_to_its_array(protocol: int) -> None:
    values = VALUES["double"]
    data = python2_pickle(
        {"ch": Ch(values), "part": Select(Ch(values), np.array([3, 0]), (1, 2)), "of": Ch(Ch(values))}, protocol
    )
    found = read_pickle(data, ("ch", "part", "of"))
    np.testing.assert_array_equal(found["ch"], values)
    np.testing.assert_array_equal(found["of"], values)
    np.testing.assert_array_equal(found["part"], values.ravel()[[[3, 0]]])


def test_only_what_is_asked_for_comes_out() -> None:
    assert set(read_pickle(python2_pickle(VALUES), ["double", "text", "absent"])) == {"double"}


class Call:
    def __init__(self, function: Callable, *args: Any, state: Any = None) -> None:
        self.function, self.args, self.state = function, args, state

    def __reduce__(self) -> tuple:
        return self.function, self.args, self.state


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "function",
    [os.system, os.mkdir, eval, exec, __import__, getattr, np.load, np.fromfile, np.memmap, pickle.loads, bytearray],
)
def test_a_call_of_anything_else_is_refused_and_not_made(
    function: Callable, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hidden = Ch(np.zeros(3))
    hidden.x = Call(function, "mkdir owned")
    for value in (Call(function, "mkdir owned"), {"v": Call(function, "owned")}, {"v": [hidden]}):
        with pytest.raises(PickleRefused, match="no array"):
            read_pickle(pickle.dumps(value, protocol), ["v"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"(S'mkdir owned'\nios\nsystem\n.",
        b"(cos\nsystem\nS'mkdir owned'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0bmkdir owned\x85R.",
        b"cnumpy.core.multiarray\n_reconstruct.__globals__\n.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cchumpy.ch\nCh.__init__.__globals__\n.",
        b"cchumpy.utils\nos\n.",
        b"Pmkdir\n.",
        b"\x82\x01.",
        b"\x80\x05\x97.",
        b"cnumpy\nndarray\n(I9999999\ntR.",
        b"c__builtin__\nbytes\n(I999999999\ntR.",
        b"ccopy_reg\n_reconstructor\n(cnumpy\nndarray\nc__builtin__\nobject\nNtR.",
        b"c_codecs\nencode\n(VAAAA\nVzip\ntR.",
        b"}(S'v'\ncnumpy\ndtype\n(S'O8'\nI0\nI1\ntRS'v'\nb.",
        b"",
        b".",
        b"N.",
        b"root:x:0:0:root:/root:/bin/bash\n",
    ],
)
def test_a_hand_written_pickle_that_is_no_dictionary_of_arrays_is_refused(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PickleRefused):
        read_pickle(data, ["v"])
    assert list(tmp_path.iterdir()) == []


def array_of(shape: bytes, dtype: bytes = b"f8", raw: bytes = b"AAAAAAAA") -> bytes:
    return (
        b"}S'v'\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n("
        + shape
        + b"tcnumpy\ndtype\n(S'"
        + dtype
        + b"'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nU"
        + bytes([len(raw)])
        + raw
        + b"tbs."
    )


def made_of(kind: bytes, **state: bytes) -> bytes:
    """A dictionary with one object of a class, its state filled with written-out values."""
    filled = b"".join(b"S'" + name.encode() + b"'\n" + value + b"s" for name, value in state.items())
    return b"}S'v'\nccopy_reg\n_reconstructor\n(c" + kind + b"\nc__builtin__\nobject\nNtR}" + filled + b"bs."


ONE = array_of(b"I1\n", b"i8", bytes(8))[6:-2]
LISTS = b"(lp1\nI1\na0" + b"".join(b"(lp%d\n" % k + b"g%d\na" % (k - 1) * 10 + b"0" for k in range(2, 11)) + b"g10\n"
"""A list of ten lists of ten lists: 10⁹ numbers."""
ITSELF = b"(lp1\ng1\nag1\na"


def test_the_hand_written_objects_are_right() -> None:
    np.testing.assert_array_equal(read_pickle(made_of(b"chumpy.reordering\nSelect", a=ONE, idxs=ONE), ["v"])["v"], [0])


def test_the_hand_written_array_is_right() -> None:
    np.testing.assert_array_equal(read_pickle(array_of(b"I1\n"), ["v"])["v"], np.frombuffer(b"AAAAAAAA"))


BOMBS = {
    "an array of a terabyte": array_of(b"I1000000000000\n"),
    "sizes whose product overflows": array_of(b"L4294967296L\nL4294967296L\n"),
    "a negative size": array_of(b"I-1\nI-1\n"),
    "a size that is no number": array_of(b"S'8'\n"),
    "more dimensions than a model has": array_of(b"I1\n" * 9),
    "a memo far away": b"}r\xff\xff\xff\xff0.",
    "a string that is not there": b"\x8e\x00\x00\x00\x00\x00\x01\x00\x00.",
    "a string of negative length": b"T\xff\xff\xff\xff.",
    "empty lists without end": b"]" * (MAX_OPCODES + 1) + b".",
    "lists that copy each other": b"(" + b"N" * 90_000 + b"lq\x00c__builtin__\nset\nq\x010"
    + b"h\x01h\x00\x85R" * 20_000 + b".",
    "a text encoded again and again": b"X\x00\x00\x10\x00" + b"A" * 2**20 + b"q\x000c_codecs\nencode\nq\x010"
    + b"h\x01h\x00X\x06\x00\x00\x00latin1\x86R" * 20_000 + b".",
    "a selection out of lists of lists": made_of(b"chumpy.reordering\nSelect", a=LISTS, idxs=ONE),
    "a selection by lists of lists": made_of(b"chumpy.reordering\nSelect", a=ONE, idxs=LISTS),
    "a selection by lists that hold themselves": made_of(b"chumpy.reordering\nSelect", a=ONE, idxs=ITSELF),
    "a selection by a table of numbers": made_of(
        b"chumpy.reordering\nSelect", a=ONE,
        idxs=array_of(b"I1\nI16777217\n", b"i1")[6:-2].replace(b"U\x08AAAAAAAA", b"B\x01\0\0\x01" + bytes(2**24 + 1)),
    ),
    "a sparse matrix of lists of lists": made_of(
        b"scipy.sparse.csc\ncsc_matrix", data=LISTS, indices=ONE, _shape=b"(I1\nI1\nt",
        indptr=array_of(b"I2\n", b"i4", bytes(4) + b"\1\0\0\0")[6:-2],
    ),
    "a number of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_it_takes_memory(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PickleRefused):
            read_pickle(bomb, ["v"])
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "change",
    [
        {"_shape": (10**6, 10**6)},
        {"_shape": (-1, 3)},
        {"_shape": (2, 3, 4)},
        {"indices": np.array([0, 9], np.int32)},
        {"indices": np.array([0.0, 1.0])},
        {"indptr": np.array([0, 2, 1, 2], np.int32)},
        {"indptr": np.array([0, 1], np.int32)},
        {"data": np.zeros(9)},
        {"data": None},
    ],
)
def test_a_sparse_matrix_that_is_none_is_refused(change: dict[str, Any]) -> None:
    matrix: Any = scipy.sparse.csc_matrix(np.diag([1.0, 0, 3])[:, [0, 2, 1]])
    matrix.__dict__.update(change)
    with pytest.raises(PickleRefused):
        read_pickle(python2_pickle({"v": matrix}), ["v"])


WHOLE = python2_pickle({"v": VALUES["fortran"], "s": VALUES["csc"], "c": Ch(np.arange(3.0))})


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_short_is_refused(length: int) -> None:
    with pytest.raises(PickleRefused):
        read_pickle(WHOLE[:length], ["v", "s", "c"])


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_file_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    try:
        found = read_pickle(bytes(data), ["v", "s", "c"])
    except PickleRefused:
        return
    assert all(isinstance(value, np.ndarray) and value.dtype.kind in "biuf" for value in found.values())
