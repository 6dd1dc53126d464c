"""What is to be inferred: sets cut into blocks of utterances that are done whole or not at all.

A block is what a process takes at a time and what a restart keeps. How a set is cut does not depend on the number of
processes, and what a block gives depends on nothing but the block. In the set's folder, as long as it is not done:

    parts/plan.json    what is to be done, and how
    parts/000012.npz   what came of a block; it stands only when it is whole

A set is done when `inference.json` says that it was made as is asked for now, and no audio has changed since.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

from geolid.data.audio import ark_place
from geolid.data.tables import read_rows, whole_or_absent
from geolid.data.utterances import Utterance, utterances
from geolid.errors import GeoLIDError

RECORD = "inference.json"
LANGUAGES = "languages"
_TABLES = ("wav.scp", "segments", "utt2num_samples", "utt2lang")  # results follow from these
_THREADS = 16  # asking a file server for many files' times is waiting
_AT_ONCE = 1000


@dataclass(frozen=True)
class Recipe:
    """What results depend on. Batches, processes and devices change them by rounding only and have no part in it."""

    model: str  # digests
    config: str
    data: str
    languages: list[str]  # to choose from
    mixed_precision: bool
    embeddings: bool

    def covers(self, wanted: "Recipe") -> bool:
        """Whether what was made by this recipe holds all that is wanted."""
        return {**asdict(self), "embeddings": wanted.embeddings} == asdict(wanted) and (
            self.embeddings or not wanted.embeddings
        )


@dataclass(frozen=True)
class Plan:
    """What the processes need to know about a set."""

    recipe: Recipe
    config_file: str
    model_file: str
    lang2utt: str | None
    data_dir: str
    utterances: int
    save_every: int  # utterances of a block
    todo: list[int] = field(default_factory=list)  # blocks that are not done yet
    undone: int = 0  # utterances in them

    @property
    def blocks(self) -> int:
        return -(-self.utterances // self.save_every)


@dataclass(frozen=True)
class Names:
    """The files of a set's folder."""

    folder: Path

    @property
    def set_name(self) -> str:
        return self.folder.name

    @property
    def parts(self) -> Path:
        return self.folder / "parts"

    @property
    def plan(self) -> Path:
        return self.parts / "plan.json"

    @property
    def record(self) -> Path:
        return self.folder / RECORD

    @property
    def languages(self) -> Path:
        return self.folder / LANGUAGES

    def part(self, block: int) -> Path:
        return self.parts / f"{block:06d}.npz"

    def of_set(self, what: str) -> Path:
        """Return `<set>_<what>`."""
        return self.folder / f"{self.set_name}_{what}"

    def results(self, embeddings: bool) -> list[Path]:
        """Return what has to stand when a set is done."""
        wanted = [self.languages, self.of_set("lids"), self.of_set("logits.npy")]
        if embeddings:
            wanted += [self.of_set(f"embeddings.{kind}") for kind in ("npz", "ark", "scp")]
        return wanted

    def all_results(self) -> list[Path]:
        """Return all that stage 6 writes here, the record first: without it the others count for nothing."""
        others = [self.of_set(what) for what in ("scores", "places", "language_embeddings.npz")]
        return [self.record, *self.results(embeddings=True), *others, self.folder / "dropped"]


@dataclass(frozen=True)
class SetState:
    """What a set's tables say of it, gone through once."""

    digest: str
    utterances: int
    newest: list[int]  # of each block: when its audio last changed, ns


def digest(*files: Path) -> str:
    """Return a short sum over the contents of those files that there are, and their names."""
    total = hashlib.sha256()
    for file in files:
        if file.exists():
            total.update(f"{file.name}\n".encode())
            with file.open("rb") as content:
                while block := content.read(1 << 20):
                    total.update(block)
    return total.hexdigest()[:16]


def look_at(data_dir: Path, save_every: int) -> SetState:
    """Go through a set, and stop if it is not what inference can go through in order."""
    data_dir = Path(data_dir)
    before = ""
    count = 0
    newest = []
    all_utterances = utterances(data_dir)
    with ThreadPoolExecutor(_THREADS) as pool:
        while block := list(islice(all_utterances, save_every)):
            for utterance in block:
                if utterance.name <= before:
                    raise GeoLIDError(
                        f"{data_dir}: '{utterance.name}' stands after '{before}'; expected every utterance once, in "
                        "the order of LC_ALL=C sort: mend the set with utils/fix_data_dir.sh"
                    )
                before = utterance.name
            count += len(block)
            newest.append(max(pool.map(last_change, dict.fromkeys(u.source for u in block), chunksize=64)))
    if not count:
        raise GeoLIDError(f"{data_dir}: has no utterance; run the stage that makes it, or take it out of the sets")
    return SetState(digest(*(data_dir / table for table in _TABLES)), count, newest)


def last_change(source: str) -> int:
    """Return when a source's file was last written or put in its place, in ns; 0 for what is no file."""
    place = ark_place(source)
    try:
        status = Path(place[0] if place else source).stat()
    except OSError:  # a command, or no such file, which the reader will tell
        return 0
    return max(status.st_mtime_ns, status.st_ctime_ns)


def lay_out(folder: Path, plan: Plan, state: SetState) -> Plan:
    """Prepare a set's folder; return the plan with what is left to do of it, which is nothing where the set is done."""
    names = Names(Path(folder))
    if _is_done(names, plan.recipe, state):
        shutil.rmtree(names.parts, ignore_errors=True)
        return plan
    goes_on = _goes_on(names, plan)
    for old in names.all_results():  # they are of something else
        if not (goes_on and old == names.languages):
            old.unlink(missing_ok=True)
    if not goes_on:
        shutil.rmtree(names.parts, ignore_errors=True)
        names.parts.mkdir(parents=True)
        with whole_or_absent(names.languages) as out:
            out.writelines(f"{language}\n" for language in plan.recipe.languages)
    for left in (*names.parts.glob("progress.*"), *names.parts.glob(".*.tmp")):  # by a run that was killed
        left.unlink()
    todo = [block for block, newest in enumerate(state.newest) if not _stands(names.part(block), newest)]
    undone = sum(min(plan.save_every, plan.utterances - block * plan.save_every) for block in todo)
    plan = replace(plan, todo=todo, undone=undone)
    with whole_or_absent(names.plan) as out:
        json.dump(asdict(plan), out)
    return plan


def _is_done(names: Names, wanted: Recipe, state: SetState) -> bool:
    try:
        made = Recipe(**json.loads(names.record.read_text(encoding="utf-8"))["made_from"])
        since = names.languages.stat().st_mtime_ns  # the first file that was written
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
    whole = all(file.exists() for file in names.results(made.embeddings))
    return made.covers(wanted) and whole and max(state.newest) < since


def _goes_on(names: Names, plan: Plan) -> bool:
    """Whether the parts that stand are of the same plan."""
    try:
        before = read_plan(names.folder)
    except GeoLIDError:
        return False
    same = before is not None and (before.recipe, before.save_every) == (plan.recipe, plan.save_every)
    return same and names.languages.exists()


def _stands(part: Path, newest: int) -> bool:
    """Whether a block is done, and its audio has not changed since it was begun."""
    return part.exists() and part.stat().st_mtime_ns > newest


def read_plan(folder: Path) -> Plan | None:
    """Return what is to be done in a set's folder; None where all is done."""
    file = Names(Path(folder)).plan
    if not file.exists():
        return None
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        return Plan(**{**given, "recipe": Recipe(**given["recipe"])})
    except (ValueError, KeyError, TypeError):
        raise GeoLIDError(f"{file}: is damaged; remove {file.parent} and run stage 6 again") from None


def block_utterances(plan: Plan, blocks: Sequence[int]) -> Iterator[tuple[int, list[tuple[Utterance, int | None]]]]:
    """Yield blocks, which are in order, with the utterances of each and their samples, where a table tells them."""
    data_dir = Path(plan.data_dir)
    rows = _with_samples(data_dir)
    done = 0
    for block in blocks:
        first = block * plan.save_every
        yield block, list(islice(rows, first - done, first - done + plan.save_every))
        done = first + plan.save_every


def _with_samples(data_dir: Path) -> Iterator[tuple[Utterance, int | None]]:
    table = data_dir / "utt2num_samples"
    if not table.exists():
        yield from ((utterance, None) for utterance in utterances(data_dir))
        return
    for utterance, (utt, samples) in zip(utterances(data_dir), read_rows(table), strict=False):
        if utt != utterance.name or not samples.isdecimal():
            raise GeoLIDError(
                f"{table}: found '{utt} {samples}' where the number of samples of '{utterance.name}' belongs; run "
                f"stage 3 again, or utils/fix_data_dir.sh {data_dir}"
            )
        yield utterance, int(samples)
