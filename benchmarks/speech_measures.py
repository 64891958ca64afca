"""Judges of a moving mouth: closures seen, channels, vowels, time offset, and how sure each figure is.

Everything is a sum over segments of speech, so that resampling the segments gives the intervals.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray
from speech_alignment import TARGETS, VOWELS, Phone, bilabials, gestures, target_tracks

from studio.core.heads.anatomy import LOWER_LIP_INNER, UPPER_LIP_INNER, to_face, to_head
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.template import TemplateHead, mean_landmarks, shape_weights
from studio.core.speech.features import HOP_SECONDS

Span: TypeAlias = tuple[float, float]

LIPS_MEET = 1.0
"""mm between the lips of the template head under which a viewer sees them shut (they open to 15 mm)."""
CLOSE_CHANNEL = 0.35
"""The `close` channel above which it counts as a closure."""
SLACK = 0.06
"""s by which a closure may miss its bilabial and still be the same."""
LONGEST_CLOSURE = 0.35
"""s: lips that stay shut longer rest."""
_REST = 0.15  # s of silence in which lips may rest; shorter ones are stops and joins of words
_BLINK = 2  # hops: nobody sees lips that part or meet for less
_PAUSE = 0.25  # s of silence at which speech is cut into segments
_SHORTEST_SEGMENT = 2.0  # s
_REACH = 20  # hops of offset that are looked at, either way


@dataclass(frozen=True, eq=False)
class Mouth:
    """What a system made of a recording, at the times ``k * HOP_SECONDS``.

    Attributes
    ----------
    channels
        ``[T,5]`` `TARGETS`; NaN where a system has no such channel.
    code
        ``[T,52]`` ARKit: what the face is given.
    """

    channels: NDArray[np.float32]
    code: NDArray[np.float32]


@dataclass(eq=False)
class Tally:
    """Sums of one segment; `counts` are hits, references, found, hits by onset alone, hits by chance."""

    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))
    channel_counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))
    channels: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(TARGETS), 6)))
    vowels: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))
    onsets: list[float] = field(default_factory=list)


@cache
def _lips() -> tuple[TemplateHead, NDArray[np.intp]]:
    return TemplateHead(mean_landmarks()), np.array(UPPER_LIP_INNER[3:8] + LOWER_LIP_INNER[3:8])


def lip_gap(code: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far the middle of the lips is open on the template head, mm ``[T]``, for ARKit codes ``[T,52]``."""
    head, lips = _lips()
    weights = np.stack([shape_weights(frame) for frame in code])
    height = head.neutral[lips, 1] + np.tensordot(weights, head.deltas[:, lips, 1], axes=1)
    face, turning = to_face(head.neutral[lips]), head.jaw_weights[lips]
    origin = to_head(np.zeros(3))
    for k, jaw in enumerate(code[:, ARKIT_INDEX["jawOpen"]]):
        height[k] += (to_head(head.shapes.jaw_rotation(face, float(jaw))) - origin)[:, 1] * turning
    return (height[:, :5] - height[:, 5:]).mean(1) * 1e3


def spans(track: NDArray[np.bool_]) -> list[Span]:
    """Return the spans, s, in which a track ``[T]`` of hops is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], track, [False]]).astype(int)))
    return [(a * HOP_SECONDS, b * HOP_SECONDS) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def closures_seen(shut: NDArray[np.bool_], phones: list[Phone]) -> tuple[list[Span], set[int]]:
    """Return the closures a viewer sees in a track of shut lips ``[T]``, and which of them may only hit.

    Lips rest in pauses: what lies wholly in one is no closure. A rest that reaches into speech counts for its part in
    speech, so that the m of "many" after a pause can be found; by `SLACK` it may do so without being wrong. Lips that
    stay shut in speech for longer than `LONGEST_CLOSURE` do not move, and close nothing.
    """
    speech = np.ones(len(shut), bool)
    for k, (start, end, label) in enumerate(phones):
        if not label and (end - start >= _REST or k in (0, len(phones) - 1)):
            speech[_hop(start) : _hop(end)] = False
    speech[_hop(phones[-1][1]) :] = False
    shut = shut | np.asarray(scipy.ndimage.binary_closing(shut, np.ones(_BLINK + 1)), bool)
    shut = np.asarray(scipy.ndimage.binary_opening(shut, np.ones(_BLINK)), bool)
    found = [span for span in spans(shut & speech) if span[1] - span[0] <= LONGEST_CLOSURE]
    at_rest = shut & ~speech

    def touches_rest(span: Span) -> bool:
        before, after = _hop(span[0]) - 1, _hop(span[1])
        return (before < 0 or at_rest[before]) or (after >= len(shut) or at_rest[after])

    excused = {k for k, span in enumerate(found) if span[1] - span[0] <= SLACK + 1e-9 and touches_rest(span)}
    return found, excused


def match(reference: list[Span], found: list[Span], slack: float = SLACK) -> list[tuple[int, int]]:
    """Pair spans one to one, nearest onsets first, where they overlap or miss each other by at most `slack` s."""
    near = [
        (abs(b[0] - a[0]), i, j)
        for i, a in enumerate(reference)
        for j, b in enumerate(found)
        if b[0] <= a[1] + slack and b[1] >= a[0] - slack
    ]
    pairs: dict[int, int] = {}
    for _, i, j in sorted(near):
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return sorted(pairs.items())


def segments(phones: list[Phone], seconds: float) -> list[Span]:
    """Cut a recording in the middle of its pauses into segments of at least `_SHORTEST_SEGMENT` s."""
    cuts = [0.0]
    for start, end, label in phones:
        middle = (start + end) / 2
        if not label and end - start >= _PAUSE and middle - cuts[-1] >= _SHORTEST_SEGMENT:
            cuts.append(middle)
    if len(cuts) > 1 and seconds - cuts[-1] < _SHORTEST_SEGMENT:
        cuts.pop()
    return list(zip(cuts, [*cuts[1:], seconds], strict=True))


def tally(mouth: Mouth, phones: list[Phone], seed: int = 0) -> list[Tally]:
    """Compare a mouth with the phones of its recording, segment by segment."""
    hops = len(mouth.code)
    seconds = hops * HOP_SECONDS
    parts = segments(phones, seconds)
    tallies = [Tally() for _ in parts]
    ends = [end for _, end in parts[:-1]]

    def part(time: float) -> Tally:
        return tallies[int(np.searchsorted(ends, time, side="right"))]

    reference = bilabials(phones)
    close = mouth.channels[:, TARGETS.index("close")]
    for shut, name in ((lip_gap(mouth.code) < LIPS_MEET, "counts"), (close > CLOSE_CHANNEL, "channel_counts")):
        found, excused = closures_seen(shut, phones)
        pairs = match(reference, found)
        excused -= {j for _, j in pairs}
        for start, _ in reference:
            getattr(part(start), name)[1] += 1
        for j, (start, _) in enumerate(found):
            getattr(part(start), name)[2] += j not in excused
        for i, j in pairs:
            late = found[j][0] - reference[i][0]
            getattr(part(reference[i][0]), name)[[0, 3]] += 1, abs(late) <= SLACK
            if name == "counts":
                part(reference[i][0]).onsets.append(late)
        # What the same closures would hit at other times tells how much of a score is luck.
        shifts = np.random.default_rng(seed).uniform(0, seconds, 20)
        for shift in shifts:
            moved = [((a + shift) % seconds, (a + shift) % seconds + b - a) for a, b in found]
            for i, _ in match(reference, moved):
                getattr(part(reference[i][0]), name)[4] += 1 / len(shifts)

    target = target_tracks(phones, hops)
    for (start, end), one in zip(parts, tallies, strict=True):
        rows = slice(_hop(start), _hop(end))
        one.channels += [_sums(mouth.channels[rows, c], target[rows, c]) for c in range(len(TARGETS))]
    jaw = mouth.channels[:, TARGETS.index("jaw")]
    for start, end, label in gestures(phones):
        if label in VOWELS and _hop(start) < hops:
            seen = jaw[_hop(start) : max(_hop(end), _hop(start) + 1)].mean(keepdims=True)
            part(start).vowels += _sums(seen, np.array([VOWELS[label][0]]))
    return tallies


def _hop(time: float) -> int:
    return round(time / HOP_SECONDS)


def _sums(x: NDArray, y: NDArray) -> NDArray[np.float64]:
    """Return n, Σx, Σy, Σx², Σy², Σxy: all that a correlation needs."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    return np.array([len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y])


def correlation(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Pearson's r from sums ``[...,6]``; NaN where one side does not vary."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        r = (n * xy - x * y) / np.sqrt(spread)
    return np.asarray(np.where(spread > 1e-9, r, np.nan), np.float64)


def figures(tallies: list[Tally], draws: int = 1000, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Return each figure as ``[3]``: its estimate and the ends of its 95 % interval over resampled segments.

    ``P R F1`` of closures seen on the face, ``F1 onset`` where only onsets within `SLACK` count, ``F1 luck`` of the
    same closures at random times, ``F1 channel`` of the `close` channel, correlations of channels and of vowels with
    their openness, median and 90th percentile of the onsets of hits, s (late is positive), ``n`` bilabials.
    """
    weights = np.random.default_rng(seed).multinomial(len(tallies), np.full(len(tallies), 1 / len(tallies)), size=draws)
    weights = np.concatenate([np.ones((1, len(tallies)), np.int64), weights])

    def total(name: str) -> NDArray[np.float64]:
        return np.tensordot(weights.astype(np.float64), np.stack([getattr(one, name) for one in tallies]), axes=1)

    hits, wanted, found, prompt, lucky = total("counts").T
    channel_hits, _, channel_found, *_ = total("channel_counts").T
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = {
            "n": wanted,
            "P": hits / found,
            "R": hits / wanted,
            "F1": 2 * hits / (wanted + found),
            "F1 onset": 2 * prompt / (wanted + found),
            "F1 luck": 2 * lucky / (wanted + found),
            "F1 channel": 2 * channel_hits / (wanted + channel_found),
        }
    rows |= {f"{name} r": r for name, r in zip(TARGETS, correlation(total("channels")).T, strict=True)}
    rows["vowel r"] = correlation(total("vowels"))
    late = np.concatenate([one.onsets for one in tallies])
    owner = np.repeat(np.arange(len(tallies)), [len(one.onsets) for one in tallies])
    drawn = [np.repeat(late, row[owner]) if len(late) else np.zeros(0) for row in weights]
    rows["onset"] = np.array([np.median(d) if len(d) else np.nan for d in drawn])
    rows["onset p90"] = np.array([np.percentile(np.abs(d), 90) if len(d) else np.nan for d in drawn])
    return {name: _with_interval(row) for name, row in rows.items()}


def _with_interval(row: NDArray[np.float64]) -> NDArray[np.float64]:
    drawn = row[1:][np.isfinite(row[1:])]
    ends = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else np.full(2, np.nan)
    return np.array([row[0], *ends])


def offset(track: NDArray, reference: NDArray) -> tuple[float, float]:
    """Return by how many s `track` ``[T]`` comes after `reference` (the peak of their correlation), and r there."""
    scores = [
        np.corrcoef(track[_REACH + k : len(track) - _REACH + k], reference[_REACH : len(reference) - _REACH])[0, 1]
        for k in range(-_REACH, _REACH + 1)
    ]
    best = int(np.nanargmax(scores)) if np.isfinite(scores).any() else _REACH
    return (best - _REACH) * HOP_SECONDS, float(scores[best])
