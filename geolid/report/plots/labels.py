"""Labels beside points, such that none covers another, and few cover a point.

Every label has some hundred places to choose from, in rings around its point. Labels choose one after the other, those
in the densest crowd first; then each chooses again, a few times, knowing where the others are. All in pixels.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from geolid.report.plots.style import MUTED, halo

_ROUNDS = 4
_DIRECTIONS = 24
_CONSIDERED = 40
_CELL = 3  # pixels; points are counted in cells of this size
# What a label pays for: a pixel away from its point costs 1.
_FOR_OVERLAP = 1e6  # any overlap with another label, or a part outside of the picture
_FOR_CROSSING = 300.0  # a line from a label to its point that runs through another label
_FOR_POINT = 3.0  # each point that it covers, up to
_MOST_FOR_POINTS = 75.0


@dataclass(frozen=True)
class Placement:
    boxes: np.ndarray  # (labels, 4): left, bottom, right, top
    anchors: np.ndarray  # (labels, 2)

    def overlaps(self) -> int:
        """Return how many pairs of labels cover each other."""
        return int(np.triu(_meet(self.boxes[:, None], self.boxes[None]), 1).sum())

    def farthest(self) -> float:
        """Return the longest way from a label to its anchor."""
        ways = self.anchors - np.clip(self.anchors, self.boxes[:, :2], self.boxes[:, 2:])
        return float(np.linalg.norm(ways, axis=1).max(initial=0))


def place_labels(
    anchors: np.ndarray, sizes: np.ndarray, points: np.ndarray, bounds: np.ndarray, nearest: float
) -> Placement:
    """Choose a place for each label.

    anchors (labels, 2) are what labels belong to, sizes (labels, 2) their widths and heights, points (points, 2) what
    should not be covered, bounds (4,) where labels may be, nearest the distance from a label to its anchor.
    """
    boxes, distances = _candidates(anchors, sizes, nearest)
    costs = (distances - nearest) ** 1.15 + _cost_of_points(boxes, points, bounds)
    outside = (boxes[..., :2] < bounds[:2]).any(-1) | (boxes[..., 2:] > bounds[2:]).any(-1)
    costs = costs + _FOR_OVERLAP * outside

    chosen = np.full(len(anchors), -1)
    reach = np.stack([boxes[..., :2].min(axis=1), boxes[..., 2:].max(axis=1)], axis=1).reshape(-1, 4)
    neighbours = _meet(reach[:, None], reach[None]) & ~np.eye(len(anchors), dtype=bool)
    apart = np.linalg.norm(anchors[:, None] - anchors[None], axis=-1)
    crowding = np.sort(apart, axis=1)[:, : min(5, len(anchors))].mean(axis=1) if len(anchors) else apart
    for _ in range(_ROUNDS):
        before = chosen.copy()
        for label in np.argsort(crowding, kind="stable"):
            others = np.flatnonzero((chosen >= 0) & neighbours[label])
            taken = boxes[others, chosen[others]]
            chosen[label] = _best(boxes[label], costs[label], anchors[label], taken, anchors[others])
        if (before == chosen).all():
            break
    return Placement(boxes[np.arange(len(anchors)), chosen], anchors)


def label_points(
    axes: Axes,
    labels: list[tuple[str, float, float, str]],
    points: np.ndarray,
    size: float,
    radius: float = 0.0,
    weight: str = "normal",
) -> Placement:
    """Write labels (text, x, y, colour) beside their points, in data coordinates, with lines to those farther off.

    `points` (points, 2), dots of a radius, are what should not be covered. Text shrinks from `size` as far as it must
    for all labels to fit. Radius and size are in points of 1/72 inch.
    """
    renderer = axes.figure.canvas.get_renderer()
    to_pixels = axes.transData
    anchors = to_pixels.transform(np.array([(x, y) for _, x, y, _ in labels]).reshape(-1, 2))
    pixel = 72 / axes.figure.dpi
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    rims = radius / pixel * np.concatenate([[(0, 0)], np.stack([np.cos(angles), np.sin(angles)], axis=1)])
    obstacles = (to_pixels.transform(points.reshape(-1, 2))[:, None] + (rims if radius else rims[:1])).reshape(-1, 2)
    bounds = axes.bbox.extents
    texts = [
        axes.text(x, y, text, color=colour, ha="center", va="center", weight=weight, path_effects=halo(1.8), zorder=10)
        for text, x, y, colour in labels
    ]
    while True:
        extents = [_extent(text, size, renderer) for text in texts]
        placement = place_labels(
            anchors, np.array(extents).reshape(-1, 2) + 2, obstacles, bounds, (radius + 1.5) / pixel
        )
        crowded = placement.overlaps() or (placement.farthest() > _TOO_FAR / pixel and size > _SMALL)
        if size <= _SMALLEST or not crowded:
            break
        size *= 0.88
    middles = (placement.boxes[:, :2] + placement.boxes[:, 2:]) / 2
    for text, middle, box, anchor in zip(texts, middles, placement.boxes, anchors, strict=True):
        text.set_position(to_pixels.inverted().transform(middle))
        _join(axes, box, anchor, far=9 / pixel)
    return placement


# In points, 1/72 inch.
_SMALLEST = 4.5  # smaller text cannot be read
_SMALL = 6.0  # text is made smaller than that only where labels would cover each other
_TOO_FAR = 22.0  # a label that is farther from its point is hard to find


def _extent(text: Text, size: float, renderer) -> tuple[float, float]:
    text.set_fontsize(size)
    extent = text.get_window_extent(renderer)
    return extent.width, extent.height


def _join(axes: Axes, box: np.ndarray, anchor: np.ndarray, far: float) -> None:
    """Draw a line from a point to its label, if that is far off."""
    nearest = np.clip(anchor, box[:2], box[2:])
    if np.linalg.norm(anchor - nearest) > far:
        line = axes.transData.inverted().transform(np.stack([anchor, nearest]))
        axes.plot(*line.T, color=MUTED, linewidth=0.5, zorder=9, solid_capstyle="round")


def _candidates(anchors: np.ndarray, sizes: np.ndarray, nearest: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes (labels, places, 4) and how far each is from its anchor (labels, places)."""
    angles = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rings = nearest * np.array([1, 1.6, 2.4, 3.5, 5, 7, 9.5, 12.5, 16, 20, 25])
    distances = np.repeat(rings, _DIRECTIONS)
    ways = np.tile(ways, (len(rings), 1))
    half = sizes[:, None, :] / 2
    # moved until its border, not its middle, is that far from the anchor
    middles = anchors[:, None] + ways * distances[:, None] + np.clip(ways * 1.6, -1, 1) * half
    boxes = np.concatenate([middles - half, middles + half], axis=-1)
    return boxes, np.broadcast_to(distances, boxes.shape[:2])


def _cost_of_points(boxes: np.ndarray, points: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return what the boxes (..., 4) pay for the points that they cover; sums over a table make it quick."""
    shape = np.ceil((bounds[2:] - bounds[:2]) / _CELL).astype(int) + 1
    cells = np.clip(((points - bounds[:2]) / _CELL).astype(int), 0, shape - 1)
    counts = np.zeros(shape + 1)
    np.add.at(counts, tuple(cells.T + 1), 1)
    sums = counts.cumsum(0).cumsum(1)
    low = np.clip(np.floor((boxes[..., :2] - bounds[:2]) / _CELL), 0, shape).astype(int)
    high = np.clip(np.ceil((boxes[..., 2:] - bounds[:2]) / _CELL), 0, shape).astype(int)
    covered = (
        sums[high[..., 0], high[..., 1]]
        - sums[low[..., 0], high[..., 1]]
        - sums[high[..., 0], low[..., 1]]
        + sums[low[..., 0], low[..., 1]]
    )
    return np.minimum(_FOR_POINT * covered, _MOST_FOR_POINTS)


def _best(
    boxes: np.ndarray, costs: np.ndarray, anchor: np.ndarray, others: np.ndarray, their_anchors: np.ndarray
) -> int:
    """Return which of a label's places (places, 4) is best, given the other labels' boxes (others, 4)."""
    costs = costs + _FOR_OVERLAP * _meet(boxes[:, None], others[None]).sum(axis=1)
    few = np.argsort(costs, kind="stable")[:_CONSIDERED]  # looking for crossings takes longest
    boxes = boxes[few]
    own_lines = _runs_through(np.broadcast_to(anchor, (len(boxes), 1, 2)), _middles(boxes)[:, None], others[None])
    their_lines = _runs_through(their_anchors[None], _middles(others)[None], boxes[:, None])
    crossings = own_lines.sum(axis=1) + their_lines.sum(axis=1)
    return int(few[np.argmin(costs[few] + _FOR_CROSSING * crossings)])


def _middles(boxes: np.ndarray) -> np.ndarray:
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def _meet(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Say of boxes (..., 4) whether they have an area in common."""
    return ((a[..., :2] < b[..., 2:]) & (b[..., :2] < a[..., 2:])).all(axis=-1)


def _runs_through(start: np.ndarray, end: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Say of straight lines whether they run through boxes; all (..., 2 or 4), of shapes that fit each other."""
    way = end - start
    way = np.where(way == 0, 1e-9, way)
    enter, leave = (boxes[..., :2] - start) / way, (boxes[..., 2:] - start) / way
    first = np.minimum(enter, leave).max(axis=-1)
    last = np.maximum(enter, leave).min(axis=-1)
    return (first < last) & (last > 0) & (first < 1)
