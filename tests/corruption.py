"""Damage to files, drawn by hypothesis."""

from hypothesis import strategies as st


def corrupted(data: st.DataObject, good: bytes, tail: int) -> bytes:
    """Return a file with one to four things done to it, some of them within `tail` bytes of its end."""
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(bad) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "tail"]))
        if kind == "flip":
            bad[at] ^= data.draw(st.integers(1, 255))
        elif kind == "insert":
            bad[at:at] = data.draw(st.binary(min_size=1, max_size=40))
        elif kind == "cut":
            del bad[at : at + data.draw(st.integers(1, 200))]
        else:  # where a zip has its directory
            bad[-1 - at % tail] ^= data.draw(st.integers(1, 255))
        if not bad:
            break
    return bytes(bad)
