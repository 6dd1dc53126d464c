"""The faults of a data directory: all of them, each with file, line, what was found and what to do."""

from collections.abc import Callable, Iterator
from operator import lt
from pathlib import Path

from geolid.data import languages
from geolid.data.audio import is_pipe
from geolid.data.data_dir import FREE_LABELS, INVERSES, has_free_labels, utterance_tables
from geolid.data.tables import TableError, line_fault, read_table
from geolid.data.utterances import parse_segment

_SAME_FAULT_AT_MOST = 5  # of one table; the rest is counted


def faults(data_dir: Path, allow_pipes: bool = False) -> Iterator[str]:
    """Yield every fault; a directory that yields none can go into any stage."""
    data_dir = Path(data_dir)
    if not data_dir.is_dir():
        yield f"{data_dir}: there is no such directory; run stage 1, which makes data/<set>, or stage 3 for dump/"
        return
    missing = [name for name in ("wav.scp", "utt2lang", "lang2utt") if not (data_dir / name).exists()]
    for name in missing:
        remedy = (
            "utils/utt2lang_to_lang2utt.sh makes it from utt2lang"
            if name == "lang2utt"
            else "run stage 1, which makes it"
        )
        yield f"{data_dir}/{name}: there is no such table; {remedy}"
    if "wav.scp" in missing:
        return
    checks = {**_CHECKS, "wav.scp": _pipe_check(allow_pipes)}
    yield from _label_kind_faults(data_dir)
    if has_free_labels(data_dir):
        checks["utt2lang"] = _free_label_fault
    listing, *others = utterance_tables(data_dir)
    if listing == "segments":
        recordings = _Table(data_dir / "wav.scp", checks["wav.scp"])
        yield from recordings.faults
        checks["segments"] = _segment_check(set(recordings.keys))
    reference = _Table(data_dir / listing, checks[listing])
    yield from reference.faults
    for name in others:
        table = _Table(data_dir / name, checks.get(name))
        yield from table.faults
        if table.keys != reference.keys:
            yield from _differences(reference, table)
    for name, inverse in INVERSES.items():
        if (data_dir / name).exists() and (data_dir / inverse).exists():
            yield from _inverse_faults(data_dir / name, data_dir / inverse)


class _Table:
    """A table's keys, in order, and the faults that it has by itself."""

    def __init__(self, path: Path, check: Callable[[str], str | None] | None):
        self.path = path
        self.keys: list[str] = []
        self.faults: list[str] = []
        found: dict[str, int] = {}  # what is wrong, and how often
        try:
            with path.open(encoding="utf-8", newline="\n") as lines:
                for number, line in enumerate(lines, 1):
                    fields = line.split(None, 1)
                    if len(fields) < 2 or "\r" in line or number == 1 or line[len(fields[0])] not in " \t":
                        fault = line_fault(number, line)
                        if fault:
                            self._add(number, fault, found, fault.split(",")[0])
                            fields = [*line.lstrip("\ufeff").split(None, 1), "", ""][:2]
                    self.keys.append(fields[0])
                    if check and fields[1]:
                        fault = check(fields[1].rstrip())
                        if fault:
                            self._add(number, fault, found, fault)
        except UnicodeDecodeError as error:
            self.faults.append(f"{path}: not UTF-8 ({error.reason}); convert it, for instance with iconv -t UTF-8")
            return
        self._check_keys(found)
        self.faults += [
            f"{path}: {count - _SAME_FAULT_AT_MOST} more lines like the {_SAME_FAULT_AT_MOST} above"
            for count in found.values()
            if count > _SAME_FAULT_AT_MOST
        ]

    def _add(self, number: int, fault: str, found: dict[str, int], kind: str) -> None:
        found[kind] = found.get(kind, 0) + 1
        if found[kind] <= _SAME_FAULT_AT_MOST:
            self.faults.append(f"{self.path}:{number}: {fault}")

    def _check_keys(self, found: dict[str, int]) -> None:
        keys = self.keys
        if not keys:
            self.faults.append(f"{self.path}: is empty; expected a line an utterance; run the stage that makes it")
        if not all(map(lt, keys, keys[1:])):
            order = f"is out of order (LC_ALL=C); sort it, or run utils/fix_data_dir.sh {self.path.parent}"
            seen: dict[str, int] = {}
            for number, key in enumerate(keys, 1):
                if key in seen:
                    twice = f"stands in line {seen[key]} already; remove one of the two"
                    self._add(number, f"'{key}' {twice}", found, "twice")
                elif number > 1 and key < keys[number - 2]:
                    self._add(number, f"'{key}' {order}", found, "order")
                seen.setdefault(key, number)
        slash = next((n for n, key in enumerate(keys, 1) if "/" in key), None)
        if slash:
            self.faults.append(
                f"{self.path}:{slash}: '{keys[slash - 1]}' has a / in its id, and ids become file names; write - for /"
            )


def _differences(reference: _Table, table: _Table) -> Iterator[str]:
    here, there = set(reference.keys), set(table.keys)
    for ids, has, lacks in ((here - there, reference, table), (there - here, table, reference)):
        if ids:
            some = ", ".join(sorted(ids)[:3]) + (", ..." if len(ids) > 3 else "")
            yield (
                f"{lacks.path}: lacks {len(ids)} of the utterances of {has.path.name} ({some}); "
                f"add them, or run utils/fix_data_dir.sh {table.path.parent}"
            )


def _inverse_faults(path: Path, inverse: Path) -> Iterator[str]:
    try:
        expected: dict[str, list[str]] = {}
        for key, value in read_table(path).items():
            expected.setdefault(value, []).append(key)
        found = read_table(inverse)
    except TableError:
        return  # these are the tables' own faults, which are told already
    wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key, "").split())
    if wrong:
        some = ", ".join(wrong[:3]) + (", ..." if len(wrong) > 3 else "")
        yield f"{inverse}: does not say what {path.name} says, of {some}; run utils/fix_data_dir.sh {path.parent}"


def _language_fault(code: str) -> str | None:
    if code in languages.registry():
        return None
    return f"'{code}' is no ISO 639-3 code; {languages.suggestion(code)}"


def _free_label_fault(label: str) -> str | None:
    return f"the label '{label}' has a blank; write - for it" if len(label.split()) > 1 else None


def _label_kind_faults(data_dir: Path) -> Iterator[str]:
    word = data_dir / "label_kind"
    if word.exists() and not has_free_labels(data_dir):
        found = word.read_text(encoding="utf-8").strip()
        yield f"{word}: expected '{FREE_LABELS}', for labels that are no languages, found '{found}'; or remove it"


def _count_fault(count: str) -> str | None:
    return None if count.isdigit() and int(count) > 0 else f"expected a number of samples above 0, found '{count}'"


_CHECKS: dict[str, Callable[[str], str | None]] = {"utt2lang": _language_fault, "utt2num_samples": _count_fault}


def _pipe_check(allowed: bool) -> Callable[[str], str | None]:
    def check(source: str) -> str | None:
        if allowed or not is_pipe(source):
            return None
        return "is a command, and commands are not allowed; allow them with --allow_pipes true, or write files"

    return check


def _segment_check(recordings: set[str]) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        try:
            recording, start, end = parse_segment(value)
        except ValueError:
            return f"expected '<utt> <recording> <start s> <end s>', found '{value}' behind the id"
        if recording not in recordings:
            return f"recording '{recording}' is not in wav.scp; add it or remove the segment"
        if start < 0 or (end <= start and end != -1):
            return f"a segment from {start:g} to {end:g} s has no length; mend its times (-1 is the recording's end)"
        return None

    return check
