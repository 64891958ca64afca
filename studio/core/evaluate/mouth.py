"""Judges of a moving mouth: closures seen, channels, vowels, time offset, and how sure each figure is.

Everything is a sum over segments of speech, so that resampling the segments gives the intervals.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TypeAlias

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from studio.core.evaluate.phones import LABIODENTALS, TARGETS, VOWELS, Phone, bilabials, gestures, target_tracks
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
REACH = 20
"""Hops of offset that are looked at, either way."""


@dataclass(frozen=True, eq=False)
class Mouth:
    """What a system made of a recording, at the times ``k * HOP_SECONDS``.

    Attributes
    ----------
    channels
        ``[T,6]`` `TARGETS`; NaN where a system has no such channel.
    code
        ``[T,52]`` ARKit: what the face is given.
    """

    channels: NDArray[np.float32]
    code: NDArray[np.float32]

    @cached_property
    def gap(self) -> NDArray[np.float64]:
        """How far the lips are open, mm ``[T]``; see `lip_gap`."""
        return lip_gap(self.code)


@dataclass(eq=False)
class Tally:
    """Sums of one segment: what `figures` adds up and divides.

    Attributes
    ----------
    counts, channel_counts
        Of closures on the face and in the `close` channel: hits, bilabials, found, hits whose onset is near, hits at
        random times.
    channels, opening, vowels, middles, lags
        Of pairs, as `_sums`: each channel and its target, lip gap and the target's opening, jaw in each vowel (and in
        its middle half) and the vowel's openness, jaw at each offset and its target.
    onsets
        s by which each hit on the face comes late.
    """

    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))
    channel_counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))
    channels: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(TARGETS), 6)))
    opening: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))
    vowels: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))
    middles: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))
    lags: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2 * REACH + 1, 6)))
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
    """Return the closures a viewer sees in a track of shut lips ``[T]``, and which of them are excused if they miss.

    Lips rest in pauses: what lies wholly in one is no closure. A rest that reaches into speech counts for its part in
    speech, so that the m of "many" after a pause can be found; by `SLACK` it may do so without being wrong. f and v
    bring the lips as near to each other, and are not wrong either. Lips that stay shut in speech for longer than
    `LONGEST_CLOSURE` do not move, and close nothing.
    """
    speech, labiodental = np.ones(len(shut), bool), np.zeros(len(shut), bool)
    for k, (start, end, label) in enumerate(phones):
        if not label and (end - start >= _REST or k in (0, len(phones) - 1)):
            speech[hop_at(start) : hop_at(end)] = False
        labiodental[hop_at(start) : hop_at(end)] = label in LABIODENTALS
    speech[hop_at(phones[-1][1]) :] = False
    shut = shut | np.asarray(scipy.ndimage.binary_closing(shut, np.ones(_BLINK + 1)), bool)
    shut = np.asarray(scipy.ndimage.binary_opening(shut, np.ones(_BLINK)), bool)
    found = [span for span in spans(shut & speech) if span[1] - span[0] <= LONGEST_CLOSURE]
    at_rest = np.pad(shut & ~speech, 1, constant_values=True)

    def excused(span: Span) -> bool:
        first, behind = hop_at(span[0]), hop_at(span[1])
        resting = (at_rest[first] or at_rest[behind + 1]) and span[1] - span[0] <= SLACK + 1e-9
        return bool(resting or labiodental[(first + behind) // 2])

    return found, {k for k, span in enumerate(found) if excused(span)}


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
    for shut, name in ((mouth.gap < LIPS_MEET, "counts"), (close > CLOSE_CHANNEL, "channel_counts")):
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
        if name == "channel_counts" and np.isnan(close).all():
            for one in tallies:
                one.channel_counts[:] = np.nan
        # What the same closures would hit at other times tells how much of a score is luck.
        shifts = np.random.default_rng(seed).uniform(0, seconds, 20)
        for shift in shifts:
            moved = [((a + shift) % seconds, (a + shift) % seconds + b - a) for a, b in found]
            for i, _ in match(reference, moved):
                getattr(part(reference[i][0]), name)[4] += 1 / len(shifts)

    target = target_tracks(phones, hops)
    opening = target[:, TARGETS.index("jaw")] * (1 - target[:, TARGETS.index("close")])
    jaw = mouth.channels[:, TARGETS.index("jaw")]
    for (start, end), one in zip(parts, tallies, strict=True):
        rows = slice(hop_at(start), hop_at(end))
        one.channels += [_sums(mouth.channels[rows, c], target[rows, c]) for c in range(len(TARGETS))]
        one.opening += _sums(mouth.gap[rows], opening[rows])
        one.lags += lagged(jaw[rows], target[rows, TARGETS.index("jaw")])
    for start, end, label in gestures(phones):
        if label in VOWELS and hop_at(start) < hops:
            openness = np.array([VOWELS[label][0]])
            seen = jaw[hop_at(start) : max(hop_at(end), hop_at(start) + 1)].mean(keepdims=True)
            part(start).vowels += _sums(seen, openness)
            quarter = (end - start) / 4
            middle = jaw[hop_at(start + quarter) : max(hop_at(end - quarter), hop_at(start + quarter) + 1)].mean(
                keepdims=True
            )
            part(start).middles += _sums(middle, openness)
    return tallies


def hop_at(time: float) -> int:
    """Return the hop nearest to a time, s."""
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
    their openness, ``gap r`` of the lips' opening on the face, ``n`` bilabials; median and 90th percentile of the
    onsets of hits, and offset of the jaw, s (late is positive).
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
    rows["gap r"] = correlation(total("opening"))
    rows["vowel r"] = correlation(total("vowels"))
    rows["vowel middle r"] = correlation(total("middles"))
    rows["offset"] = offset(total("lags"))
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


def lagged(track: NDArray, reference: NDArray) -> NDArray[np.float64]:
    """Return the sums ``[2 * REACH + 1, 6]`` of a track that is read from `REACH` hops early to `REACH` hops late."""
    if len(track) <= 2 * REACH:
        return np.zeros((2 * REACH + 1, 6))
    middle = reference[REACH : len(reference) - REACH]
    return np.stack([_sums(track[k : k + len(middle)], middle) for k in range(2 * REACH + 1)])


def offset(lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many s a track comes late, ``[...]`` for sums ``[..., 2 * REACH + 1, 6]`` of `lagged`."""
    r = correlation(lags)
    best = np.argmax(np.where(np.isnan(r), -1, r), axis=-1)
    return np.where(np.isnan(r).all(-1), np.nan, (best - REACH) * HOP_SECONDS)
