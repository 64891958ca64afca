"""Any project state, for hypothesis."""

from hypothesis import strategies as st

from studio.core.orbit import Orbit
from studio.core.project.document import AvatarRef, Media, ProjectState, SavedView
from studio.core.project.timeline import CHANNELS, LANES, Block, CameraKey, Curve, Key, Marker, Timeline

_numbers = st.floats(-100, 100)
_names = st.text("abcé 中", max_size=4)
_keys = st.sampled_from(["a", "b", "c", "d"])


def states() -> st.SearchStrategy[ProjectState]:
    """Return any state; small, so that two of them often share parts."""
    lanes = st.sampled_from(LANES)
    block = st.builds(Block, _keys, _keys, _names, _numbers, _numbers, _numbers, st.lists(lanes, max_size=2).map(tuple))
    key = st.builds(Key, _numbers, _numbers, _numbers, _numbers)
    curve = st.builds(Curve, st.sampled_from(CHANNELS[:4]), _some(key), st.sampled_from(["add", "replace"]))
    orbit = st.builds(Orbit, _numbers, _numbers, _numbers, _numbers, _numbers)
    timeline = st.builds(
        Timeline,
        sounds=_some(block),
        takes=_some(block),
        curves=_some(curve),
        camera=_some(st.builds(CameraKey, _numbers, orbit)),
        markers=_some(st.builds(Marker, _numbers, _names)),
        muted=st.frozensets(lanes, max_size=3),
        solo=st.frozensets(lanes, max_size=2),
        loop=st.none() | st.tuples(_numbers, _numbers),
    )
    return st.builds(
        ProjectState,
        avatars=_some(st.builds(AvatarRef, _keys, _names, _names)),
        shown=_keys,
        timeline=timeline,
        media=st.dictionaries(_keys, st.builds(Media, _names, _names, _numbers), max_size=3),
        views=_some(st.builds(SavedView, _names, orbit)),
        background=st.sampled_from(["plate", "transparent", "#112233"]),
        expression=st.dictionaries(_keys, _numbers, max_size=3),
        gains=st.dictionaries(_keys, _numbers, max_size=3),
    )


def _some(items: st.SearchStrategy) -> st.SearchStrategy[tuple]:
    return st.lists(items, max_size=4).map(tuple)
