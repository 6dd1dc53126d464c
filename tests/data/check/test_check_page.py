"""The page of check_corpus."""

from geolid.data.check.findings import Case, Finding, Severity
from geolid.data.check.page import page

CASES = [Case("train", f"utt_{number:04}", "why") for number in range(2000)]


def test_a_finding_comes_with_its_remedy_and_its_first_cases():
    few = Finding(Severity.WARNING, "speakers", "train", "three of them", "give them to one side", CASES[:3])
    many = Finding(Severity.ERROR, "audio", "train", "<lots>", "fetch again", CASES)
    found = "\n".join(page([], [few], "by tables"))
    assert "<i>give them to one side</i>" in found and "3 listed" in found
    assert "utt_0002" in found and "more, in cases.tsv" not in found and "<p>None.</p>" not in found
    found = "\n".join(page([], [many], "by tables"))
    listed = found.count("<td>utt_")
    assert 0 < listed < len(CASES) and f"and {len(CASES) - listed:,} more, in cases.tsv" in found
    assert "&lt;lots&gt;" in found


def test_where_nothing_is_found_the_page_says_so():
    assert "<p>None.</p>" in "\n".join(page([], [], "by tables"))
