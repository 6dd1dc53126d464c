"""The report as a page that needs no network and no other file."""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from geolid.data import languages
from geolid.data.check.audio import best_seconds
from geolid.data.check.findings import Finding
from geolid.data.check.labels import amounts
from geolid.data.check.one_set import OneSet
from geolid.data.check.report import facts, overview, verdict

_CASES_SHOWN = 50  # the table beside the page has all
_BARS = 24
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222;
  background: #fff }
table { border-collapse: collapse; margin: .5rem 0 }
td, th { padding: .15rem .7rem; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top;
  overflow-wrap: anywhere }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
section.finding { border-left: .35rem solid; padding: .1rem 1rem; margin: 1rem 0; background: #f7f7f7 }
.error { border-color: #b3261e !important } .warning { border-color: #b26a00 !important }
.note { border-color: #3b6ea5 !important }
.bars { display: flex; align-items: flex-end; height: 6rem; gap: 2px; max-width: 40rem }
.bars span { flex: 1; background: #3b6ea5 }
small { color: #555 }
"""


def page(sets: Sequence[OneSet], findings: Sequence[Finding], how: str) -> Iterator[str]:
    """Yield the page's lines; whatever comes from data is escaped."""
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8"><title>Check of data directories</title>'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>Check of data directories</h1><p><b>{escape(verdict(findings))}</b></p><p>{escape(how)}</p>"
    yield "<h2>Findings</h2>"
    if not findings:
        yield "<p>None.</p>"
    for finding in findings:
        yield from _finding(finding)
    yield "<h2>Sets</h2>"
    for checked in sets:
        yield from _set(checked)
    yield "</body></html>"


def _finding(finding: Finding) -> Iterator[str]:
    level = finding.severity.name.lower()
    yield f'<section class="finding {level}"><h3>{level}: {escape(finding.kind)}</h3>'
    yield f"<p>{escape(finding.where)}: {escape(finding.message)}</p>"
    if finding.remedy:
        yield f"<p><i>{escape(finding.remedy)}</i></p>"
    if finding.cases:
        yield f"<details><summary>{len(finding.cases):,} listed</summary><table>"
        for case in finding.cases[:_CASES_SHOWN]:
            yield "<tr>" + "".join(f"<td>{escape(word)}</td>" for word in case) + "</tr>"
        yield "</table>"
        if len(finding.cases) > _CASES_SHOWN:
            yield f"<p>and {len(finding.cases) - _CASES_SHOWN:,} more, in cases.tsv</p>"
        yield "</details>"
    yield "</section>"


def _set(checked: OneSet) -> Iterator[str]:
    of_set = overview(checked)
    yield f"<h3>{escape(of_set.name)}{' (training)' if of_set.role else ''}</h3>"
    yield f"<p>{escape('; '.join(facts(of_set)))}</p>"
    yield from _lengths(best_seconds(checked))
    yield f"<details><summary>{of_set.languages:,} {'languages' if of_set.has_languages else 'labels'}</summary>"
    yield "<table><tr><th>label</th><th>name</th><th>utterances</th><th>hours</th></tr>"
    for label, (utts, seconds) in amounts(checked).items():
        language = languages.registry().get(label) if checked.has_languages else None
        hours = "" if np.isnan(seconds) else f"{seconds / 3600:,.3f}"
        yield (
            f"<tr><td>{escape(label)}</td><td>{escape(language.name if language else '')}</td>"
            f'<td class="number">{utts:,}</td><td class="number">{hours}</td></tr>'
        )
    yield "</table></details>"


def _lengths(seconds: np.ndarray) -> Iterator[str]:
    """Draw how many utterances there are of each length; the longest hundredth counts in the last bar."""
    known = seconds[~np.isnan(seconds)]
    if len(known):
        top = max(float(np.quantile(known, 0.99)), 1e-3)
        counts, _ = np.histogram(np.minimum(known, top), _BARS, (0, top))
        bars = "".join(f'<span style="height:{100 * count / counts.max():.1f}%"></span>' for count in counts)
        yield f'<div class="bars">{bars}</div><small>lengths from 0 to {top:.1f} s and above</small>'
