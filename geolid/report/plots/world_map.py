"""The map: where languages are, where the model believes utterances come from, and what it confuses.

There are no coastlines. The places of all languages of the world, drawn small, give the continents, as the lights of
towns do at night. Regions that are crowded have panels of their own.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geolid.geo.atlas import known_places
from geolid.geo.places import Place
from geolid.report.plots.inventory import Inventory, groups_of
from geolid.report.plots.labels import label_points
from geolid.report.plots.style import FAINT, MUTED, TITLE_HEIGHT, WRONG, add_axes, clear_axes, new_figure, styled

_WIDTH = 11.0  # inches
_GAP = 0.15
_HIGHEST_PANEL = 4.6
_LEGEND_WIDTH = 1.75
_LAND, _LAND_AROUND = "#bcc6cb", "#eff2f3"
_SOUTH, _NORTH = -57.0, 78.0  # degrees; no language has its place beyond
_EAST_OF_MIDDLE = 11.0  # the middle meridian, so that the edge runs through Bering Strait
_MOST_LABELS = 200  # languages
_CROWD = 7  # languages; from these on a region gets a panel
_FEWEST_LINES, _MOST_LINES = 10, 60  # confusions; between them, as many as there are languages
_MOST_DOTS = 6000  # predicted places; more would only hide the land


@dataclass(frozen=True)
class Region:
    """A panel of its own: a map true to distance along its middle."""

    name: str
    west: float
    east: float
    south: float
    north: float

    def has(self, latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
        inside = (latitudes >= self.south) & (latitudes <= self.north)
        return inside & (longitudes >= self.west) & (longitudes <= self.east)

    @property
    def ratio(self) -> float:
        """Height over width on paper."""
        return (self.north - self.south) / ((self.east - self.west) * self._shrinking)

    def widened(self, factor: float) -> "Region":
        """Return the region with more of what lies west and, most of all, east of it."""
        more = (factor - 1) * (self.east - self.west)
        return replace(self, west=self.west - more / 4, east=self.east + more * 3 / 4)

    def project(self, latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
        return np.stack([np.asarray(longitudes) * self._shrinking, np.asarray(latitudes)], axis=-1)

    @property
    def _shrinking(self) -> float:
        return float(np.cos(np.radians((self.south + self.north) / 2)))


REGIONS = [
    Region("Europe and the Caucasus", -12, 52, 34.5, 66),
    Region("South and South-East Asia", 60, 127, -10, 41),
]


def project_world(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Return where places are on the Equal Earth map (Šavrič, Patterson and Jenny 2018), (..., 2).

    It shows equal areas as equal, and is a sum of few powers.
    """
    east = np.radians((np.asarray(longitudes, dtype=float) - _EAST_OF_MIDDLE + 180) % 360 - 180)
    t = np.arcsin(np.sqrt(3) / 2 * np.sin(np.radians(latitudes)))
    a = (1.340264, -0.081106, 0.000893, 0.003796)
    slope = 9 * a[3] * t**8 + 7 * a[2] * t**6 + 3 * a[1] * t**2 + a[0]
    x = 2 * np.sqrt(3) * east * np.cos(t) / (3 * slope)
    y = a[3] * t**9 + a[2] * t**7 + a[1] * t**3 + a[0] * t
    return np.stack(np.broadcast_arrays(x, y), axis=-1)


@dataclass(frozen=True)
class MapData:
    """What is drawn; languages without a place are left out."""

    languages: Inventory  # with a place
    dots: np.ndarray  # (utterances, 2): predicted latitude and longitude
    dot_colours: list[str]
    lines: list[tuple[str, str, int]]  # two languages and how often one was taken for the other, most often first


def map_data(
    languages_of_utterances: Mapping[str, str],
    predictions: Mapping[str, str],
    places: Mapping[str, tuple[float, float]] | None,
    drawn: Inventory,
) -> MapData:
    """Gather what the map shows of a set; `places` are the predicted ones, None if there are none."""
    placed = {code: language for code, language in drawn.items() if language.place}
    utts = sorted(utt for utt in places or {} if utt in languages_of_utterances)
    utts = utts[:: -(-len(utts) // _MOST_DOTS) or 1]
    pairs = Counter(
        tuple(sorted((reference, predictions[utt])))
        for utt, reference in languages_of_utterances.items()
        if reference != predictions[utt]
    )
    lines = [(a, b, count) for (a, b), count in pairs.items() if a in placed and b in placed]
    return MapData(
        placed,
        np.array([places[utt] for utt in utts], dtype=float).reshape(-1, 2) if places else np.zeros((0, 2)),
        [drawn[languages_of_utterances[utt]].group.colour for utt in utts],
        sorted(lines, key=lambda line: (-line[2], line))[: np.clip(len(placed), _FEWEST_LINES, _MOST_LINES)],
    )


@styled
def draw_map(data: MapData, set_name: str, with_truth: bool) -> Figure:
    """Return the picture: the world above; below it the crowded regions, and the legend."""
    where = np.array([language.place for language in data.languages.values()])
    regions = [region for region in REGIONS if region.has(*where.T).sum() >= _CROWD]
    frame = project_world(*_outline().T)
    across = _WIDTH - 2 * _GAP
    world_height = across * np.ptp(frame[:, 1]) / np.ptp(frame[:, 0])
    regions, panel_height, widths = _lay_out(regions)
    height = TITLE_HEIGHT + world_height + 2 * _GAP + (panel_height + 0.35 if regions else 0.85)
    figure = new_figure(_WIDTH, height, f"Where {set_name} is spoken, and where it is believed to be", _subtitle(data))

    world = add_axes(figure, _GAP, height - TITLE_HEIGHT - world_height, across, world_height)
    world.set_xlim(frame[:, 0].min(), frame[:, 0].max())
    world.set_ylim(frame[:, 1].min(), frame[:, 1].max())
    _graticule(world)
    hidden = [region.has(*where.T) for region in regions]
    _draw(world, data, project_world, ~np.any(hidden, axis=0) if hidden else np.ones(len(where), dtype=bool), 1.0)
    for region in regions:
        world.plot(*project_world(*_border(region).T).T, color=MUTED, linewidth=0.7, zorder=7)

    left = _GAP
    for region, width in zip(regions, widths, strict=True):
        panel = add_axes(figure, left, _GAP, width, panel_height)
        low, high = region.project(np.array([region.south, region.north]), np.array([region.west, region.east]))
        panel.set_xlim(low[0], high[0])
        panel.set_ylim(low[1], high[1])
        _draw(panel, data, region.project, region.has(*where.T), 8.0)
        panel.set_title(region.name, loc="left", size=9, weight="bold", pad=4)
        for spine in panel.spines.values():
            spine.set(visible=True, color=MUTED, linewidth=0.7)
        left += width + _GAP
    _legend(figure, data, left, panel_height if regions else 0.85, with_truth, beside=bool(regions))
    return figure


def _lay_out(regions: list[Region]) -> tuple[list[Region], float, list[float]]:
    """Return regions as wide as there is room beside the legend, and the height and the widths of their panels."""
    if not regions:
        return [], 0.0, []
    room = _WIDTH - 2 * _GAP - _LEGEND_WIDTH - _GAP * len(regions)
    height = min(_HIGHEST_PANEL, room / sum(1 / region.ratio for region in regions))
    widening = room / sum(height / region.ratio for region in regions)
    widened = [region.widened(widening) for region in regions]
    return widened, height, [height / region.ratio for region in widened]


def _subtitle(data: MapData) -> str:
    parts = [f"{len(data.languages)} languages"]
    if len(data.dots):
        parts.append(f"predicted places of {len(data.dots)} utterances")
    if data.lines:
        parts.append(f"the {len(data.lines)} most frequent confusions")
    return ", ".join(parts) + "; grey: the places of all languages of the world"


def _draw(axes: Axes, data: MapData, project, labelled: np.ndarray, land_size: float) -> None:
    """Draw land, confusions, predicted places, languages and the labels of some languages."""
    clear_axes(axes)
    land = np.array(list(known_places().values()))
    # wide pale discs run together to land, as far as people live there
    axes.scatter(*project(*land.T).T, s=60 * land_size, color=_LAND_AROUND, linewidths=0, zorder=-2)
    axes.scatter(*project(*land.T).T, s=min(land_size, 2), color=_LAND, linewidths=0, zorder=1)
    for a, b, count in data.lines:
        way = _great_circle(data.languages[a].place, data.languages[b].place)
        width = 0.5 + 2.3 * (count / data.lines[0][2]) ** 0.5
        axes.plot(*project(*way.T).T, color=WRONG, linewidth=width, alpha=0.45, zorder=3, solid_capstyle="round")
    if len(data.dots):
        size = 3.0 if len(data.dots) > 1500 else 5.0
        axes.scatter(*project(*data.dots.T).T, s=size, c=data.dot_colours, alpha=0.45, linewidths=0, zorder=4)
    where = project(*np.array([language.place for language in data.languages.values()]).T)
    colours = [language.group.colour for language in data.languages.values()]
    many = len(colours) > 40
    axes.scatter(*where.T, s=16 if many else 26, c=colours, edgecolors="white", linewidths=0.7, zorder=6)
    if len(colours) <= _MOST_LABELS:
        names = [code if many else language.name for code, language in data.languages.items()]
        labels = [(names[i], *where[i].tolist(), colours[i]) for i in np.flatnonzero(labelled)]
        label_points(axes, labels, where[labelled], size=7.5 if many else 8.5, radius=2.6, weight="bold")


def _outline() -> np.ndarray:
    """Return latitudes and longitudes along the edge of the map."""
    edge = 179.999
    along = np.linspace(_SOUTH, _NORTH, 60)
    west = np.stack([along, np.full(60, _EAST_OF_MIDDLE - edge)], axis=1)
    east = np.stack([along, np.full(60, _EAST_OF_MIDDLE + edge)], axis=1)
    return np.concatenate([west, east[::-1]])


def _border(region: Region) -> np.ndarray:
    """Return latitudes and longitudes along the border of a region, (points, 2)."""
    corners = [
        (region.south, region.west),
        (region.south, region.east),
        (region.north, region.east),
        (region.north, region.west),
        (region.south, region.west),
    ]
    return np.concatenate([np.linspace(a, b, 40) for a, b in zip(corners, corners[1:], strict=False)])


def _graticule(axes: Axes) -> None:
    for longitude in np.arange(-150, 181, 30):
        latitudes = np.linspace(_SOUTH, _NORTH, 60)
        axes.plot(*project_world(latitudes, np.full(60, longitude)).T, color=FAINT, linewidth=0.5, zorder=0)
    for latitude in np.arange(-30, 61, 30):
        longitudes = _EAST_OF_MIDDLE + np.linspace(-179.9, 179.9, 90)
        width = 0.9 if latitude == 0 else 0.5
        axes.plot(*project_world(np.full(90, latitude), longitudes).T, color=FAINT, linewidth=width, zorder=0)


def _great_circle(start: Place, end: Place) -> np.ndarray:
    """Return latitudes and longitudes on the shortest way between two places, with NaN at the edge of the map."""
    a, b = _unit(*start), _unit(*end)
    angle = max(np.arccos(np.clip(a @ b, -1, 1)), 1e-9)
    share = np.linspace(0, 1, 41)[:, None]
    x, y, z = ((np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)).T
    longitudes = (np.degrees(np.arctan2(y, x)) - _EAST_OF_MIDDLE + 180) % 360 - 180
    way = np.stack([np.degrees(np.arctan2(z, np.hypot(x, y))), longitudes + _EAST_OF_MIDDLE], axis=1)
    return np.insert(way, np.flatnonzero(np.abs(np.diff(longitudes)) > 180) + 1, np.nan, axis=0)


def _unit(latitude: float, longitude: float) -> np.ndarray:
    north, east = np.radians([latitude, longitude])
    return np.array([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def _legend(figure: Figure, data: MapData, left: float, height: float, with_truth: bool, beside: bool) -> None:
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=5.5, color=group.colour, label=group.name)
        for group in groups_of(data.languages)
    ]
    if len(data.dots):
        whose = "in its\nlanguage's" if with_truth else "in its\npredicted language's"
        what = f"predicted place of\nan utterance, {whose} colour"
        handles.append(Line2D([], [], linestyle="", marker="o", markersize=2.5, color=MUTED, label=what))
    if data.lines:
        handles.append(Line2D([], [], color=WRONG, alpha=0.5, linewidth=2, label="confused, the wider\nthe more often"))
    page_width, page_height = figure.get_size_inches()
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(left / page_width, (height + _GAP) / page_height),
        ncols=1 if beside else 6,
        borderaxespad=0,
        fontsize=7.5,
        labelspacing=0.4,
    )
