"""The numbers and the order in pictures."""

import numpy as np
import pytest

from geolid.geo.places import Place
from geolid.report.plots.accuracy import draw_by_duration, draw_by_language, interval
from geolid.report.plots.confusion import draw_confusion, shares
from geolid.report.plots.inventory import GROUPS, OTHERS, free_inventory, inventory
from geolid.report.plots.layers import draw_layers
from geolid.report.plots.reliability import Curve, draw_reliability, reliability_of_known
from geolid.report.plots.scatter import Plane, draw_plane
from geolid.report.plots.tsne import perplexity_for, project, sample
from geolid.report.plots.world_map import draw_map, map_data, project_world


def test_kin_stand_beside_kin_from_west_to_east():
    codes = ["vie", "deu", "por", "rus", "spa", "ukr", "tok", "ces", "nld", "pol", "hin", "fas", "eus"]
    drawn = inventory(codes)
    assert list(drawn) == ["nld", "deu", "por", "spa", "ces", "pol", "ukr", "rus", "fas", "hin", "vie", "eus", "tok"]
    assert [drawn[code].group.name for code in ("nld", "por", "rus", "fas", "eus")] == [
        "Germanic",
        "Romance",
        "Balto-Slavic",
        "Indo-Iranian",
        "other families",
    ]


def test_names_are_short_and_strangers_keep_their_code():
    drawn = inventory(["ell", "swa", "voice_7"])
    assert [drawn[code].name for code in ("ell", "swa", "voice_7")] == ["Modern Greek", "Swahili", "voice_7"]
    assert drawn["voice_7"].group == OTHERS and drawn["voice_7"].place is None


def test_each_group_has_a_colour_of_its_own():
    assert len({group.colour for group in [*GROUPS, OTHERS]}) == len(GROUPS) + 1


def test_the_matrix_holds_shares_of_the_references():
    drawn = inventory(["fra", "spa", "deu"])
    references = {"a": "deu", "b": "deu", "c": "deu", "d": "deu", "e": "fra"}
    matrix = shares(references, {"a": "deu", "b": "deu", "c": "fra", "d": "spa", "e": "fra"}, drawn)
    deu, fra, spa = (list(drawn).index(code) for code in ("deu", "fra", "spa"))
    assert matrix[deu, deu] == 0.5 and matrix[deu, fra] == 0.25 and matrix[deu, spa] == 0.25
    assert matrix[fra, fra] == 1 and not matrix[spa].any()
    figure = draw_confusion(matrix, drawn, "toy")
    numbers = sorted(text.get_text() for text in figure.axes[0].texts)
    assert numbers == ["100", "25", "25", "50", "Germanic", "Romance"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [d.name for d in drawn.values()]


@pytest.mark.parametrize(
    "set_name", ["toy", "test_noisy_mini_lang", "test_of_a_corpus_with_a_name_that_goes_on_and_on"]
)
def test_titles_keep_within_the_page(set_name):
    measured = reliability_of_known(np.eye(2), ["deu", "fra"], ["deu", "fra"], 1.0)
    figure = draw_reliability([Curve("after", measured, 0.05)], set_name)
    title, subtitle = figure.texts
    assert set_name in title.get_text()
    for text in (title, subtitle):
        assert text.get_window_extent().x1 <= figure.bbox.width
    assert (title.get_size() == 12.5) == (set_name == "toy") and subtitle.get_size() == 9


def test_names_of_families_leave_numbers_free():
    drawn = inventory(["deu", "nld", "swe", "fra", "spa", "ces", "rus", "ell", "fin", "tur", "hin", "kor", "ind"])
    for seed in range(3):
        scattered = np.random.default_rng(seed).random((len(drawn), len(drawn))) < 0.05
        axes = draw_confusion(np.where(scattered, 0.1, np.eye(len(drawn))), drawn, "toy").axes[0]
        numbers = [text.get_window_extent() for text in axes.texts if text.get_text().isdecimal()]
        names = [text for text in axes.texts if not text.get_text().isdecimal()]
        assert len(names) > 7
        over = [n.get_text() for n in names if any(n.get_window_extent().overlaps(number) for number in numbers)]
        assert not over


def test_intervals_are_wilsons():
    assert interval(0.9, 100) == pytest.approx((0.8256, 0.9448), abs=1e-3)
    assert interval(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)
    low, high = interval(0.0, 1)
    assert low == 0 and 0.7 < high < 0.9


def test_accuracy_by_language_goes_from_the_best_to_the_worst():
    rows = {
        "deu": {"utterances": 10, "accuracy": 0.5},
        "fra": {"utterances": 10, "accuracy": 0.9},
        "ita": {"utterances": 0, "accuracy": 0.0},
        "spa": {"utterances": 20, "accuracy": 1.0},
    }
    axes = draw_by_language(rows, 0.8, inventory(rows), "toy").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Spanish (spa)", "French (fra)", "German (deu)"]
    assert axes.collections[1].get_offsets()[:, 0].tolist() == [1.0, 0.9, 0.5]


def test_labels_that_are_no_languages_are_not_called_so():
    drawn = free_inventory(["tom", "ana"])
    rows = {"ana": {"utterances": 2, "accuracy": 0.5}, "tom": {"utterances": 2, "accuracy": 1.0}}
    figures = [draw_confusion(np.eye(2), drawn, "toy"), draw_by_language(rows, 0.75, drawn, "toy")]
    assert [label.get_text() for label in figures[1].axes[0].get_yticklabels()] == ["tom", "ana"]
    for figure in figures:
        captions = " ".join(text.get_text() for text in figure.texts)
        assert "label" in captions and "language" not in captions and "kin" not in captions
    assert [text.get_text() for text in figures[0].axes[0].texts] == ["100", "100"]  # no family's name,
    assert len(figures[0].axes[0].lines) == 0  # and no box of one
    plane = draw_plane(Plane("Toy", ["a", "b"], ["ana", "tom"], None, np.eye(2)), drawn, "")
    assert plane.legends[0].get_title().get_text() == ""


def test_classes_of_duration_without_utterances_are_left_out():
    rows = [
        {"from": 0, "to": 3, "utterances": 4, "accuracy": 0.5},
        {"from": 3, "to": 5, "utterances": 0, "accuracy": None},
        {"from": 20, "to": None, "utterances": 6, "accuracy": 1.0},
    ]
    axes = draw_by_duration(rows, "toy").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0 to 3\n4", "over 20\n6"]
    assert [bar.get_height() for bar in axes.patches] == [0.5, 1.0]


def test_reliability_of_a_case_worked_out_by_hand():
    """Two languages: probabilities 0.95 twice, right once; 0.75 once, right; one language that it does not know."""
    logits = np.log([[0.95, 0.05], [0.05, 0.95], [0.25, 0.75], [0.6, 0.4]]).astype(np.float32)
    measured = reliability_of_known(logits, ["deu", "fra"], ["deu", "deu", "fra", "ita"], temperature=1.0)
    assert measured.utterances[[11, 14]].tolist() == [1, 2] and measured.utterances.sum() == 3
    assert measured.confidence[[11, 14]] == pytest.approx([0.75, 0.95])
    assert measured.accuracy[[11, 14]].tolist() == [1.0, 0.5]
    flat = reliability_of_known(logits, ["deu", "fra"], ["deu", "deu", "fra", "ita"], temperature=1e6)
    assert flat.utterances[7] == 3 and flat.confidence[7] == pytest.approx(0.5, abs=1e-3)
    figure = draw_reliability([Curve("before", measured, 0.1), Curve("after", flat, 0.05)], "toy")
    said = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert said == ["before: calibration error 10.0%", "after: calibration error 5.0%"]


def test_layers_have_a_bar_each():
    axes = draw_layers(np.array([0.1, 0.6, 0.3])).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [0.1, 0.6, 0.3]


def test_the_map_shows_places_and_the_most_frequent_confusions():
    drawn = inventory(["deu", "fra", "spa", "tok"])
    truth = {"a": "deu", "b": "fra", "c": "deu", "d": "tok", "e": "spa"}
    predicted = {"a": "fra", "b": "deu", "c": "spa", "d": "deu", "e": "spa"}
    data = map_data(truth, predicted, {"a": (48.0, 3.0), "e": (40.0, -4.0)}, drawn)
    assert set(data.languages) == {"deu", "fra", "spa"}
    assert data.lines == [("deu", "fra", 2), ("deu", "spa", 1)]
    assert data.dots.tolist() == [[48.0, 3.0], [40.0, -4.0]]
    assert (
        "predicted places of 2 utterances, the 2 most frequent confusions"
        in draw_map(data, "toy", True).texts[1].get_text()
    )


def test_a_line_over_the_edge_of_the_map_is_cut_there():
    """Hawaiian and Maori: the shortest way crosses the Pacific at 169° west, where the map ends."""
    drawn = inventory(["haw", "mri"])
    data = map_data({"a": "haw"}, {"a": "mri"}, None, drawn)
    line = next(line for line in draw_map(data, "toy", True).axes[0].lines if line.get_zorder() == 3)
    x = np.asarray(line.get_xdata())
    assert np.isnan(x).sum() == 1
    assert np.nanmax(np.abs(np.diff(x))) < 0.05


def test_a_map_of_one_crowded_region_has_its_labels_in_the_panel():
    codes = ["deu", "fra", "ita", "spa", "nld", "pol", "ces"]
    utts = dict.fromkeys(codes, "deu")
    world, panel = draw_map(map_data({code: code for code in codes}, utts, None, inventory(codes)), "toy", True).axes
    assert len(world.texts) == 0 and len(panel.texts) == 7
    assert sum(line.get_zorder() == 3 for line in panel.lines) == 6


def test_the_projection_keeps_areas():
    """A square degree at 60° is half as large as at the equator, on the map as on the globe."""

    def area(latitude: float) -> float:
        (x0, y0), (x1, y1) = project_world(np.array([latitude - 0.5, latitude + 0.5]), np.array([20.0, 20.0]))
        (left, _), (right, _) = project_world(np.array([latitude, latitude]), np.array([19.5, 20.5]))
        return (y1 - y0) * (right - left)

    assert area(60) / area(0) == pytest.approx(0.5, abs=0.002)
    assert project_world(*Place(0.0, 11.0)).tolist() == [0, 0]
    assert project_world(*Place(90.0, 11.0))[1] == pytest.approx(1.3173628), "as published"


def test_perplexity_fits_the_number_of_points():
    assert [perplexity_for(points) for points in (4, 31, 91, 10_000)] == [1, 10, 30, 30]


def test_tsne_keeps_neighbours_and_bears_vectors_that_are_all_the_same():
    draw = np.random.default_rng(0)
    ends = np.repeat(np.eye(4), 10, axis=0) + 0.02 * draw.normal(size=(40, 4))
    xy = project(ends)
    middles = xy.reshape(4, 10, 2).mean(axis=1)
    nearest = np.linalg.norm(xy[:, None] - middles, axis=-1).argmin(axis=1)
    assert nearest.tolist() == np.repeat(range(4), 10).tolist()
    assert np.ptp(xy[:, 0]) >= np.ptp(xy[:, 1])
    assert np.isfinite(project(np.ones((5, 8)))).all()
    assert project(np.eye(4)).shape == (4, 2)


def test_a_sample_takes_utterances_from_the_whole_list():
    utterances = {f"deu_{number}": "deu" for number in range(9)} | {"fra_1": "fra"}
    assert sample(utterances, 3) == ["deu_0", "deu_3", "deu_6", "fra_1"]
    assert sample(utterances, 100) == sorted(utterances)
