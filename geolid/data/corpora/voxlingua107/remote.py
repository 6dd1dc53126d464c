"""Fetching the corpus: a list of archives on the web, one a language, and that of dev beside it."""

from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from geolid.data import labels, languages
from geolid.data.archives import Archive, with_sizes
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.voxlingua107 import CORPUS
from geolid.data.corpora.voxlingua107.layout import DEV
from geolid.data.download import read_text
from geolid.data.unpack import files_unpacked
from geolid.errors import GeoLIDError

ZIP_URLS = "https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/zip_urls.txt"
# The one sum that is published, by the HEAR benchmark.
MD5S = {"dev.zip": "07fbd4732c97f28c10ec8dcfed4f600e"}
# What helps where there is too little space.
REMEDY = "choose another place with --root, fewer languages with --languages"


def find(root: Path, choice: Choice, list_url: str = ZIP_URLS) -> list[Archive]:
    """Return the archives of the languages that are asked for, and dev, which all of them need."""
    urls = {_label(url): url for url in read_text(list_url).split() if urlsplit(url).path.endswith(".zip")}
    urls.setdefault(DEV, urljoin(list_url, f"{DEV}.zip"))
    known = labels.read(CORPUS)
    wanted = [label for label, entry in known.items() if choice.has(entry.code)]
    for label in sorted(set(urls) - {DEV}):
        if label not in known:
            languages.resolve(label, CORPUS)  # says what is near
    missing = [label for label in wanted if label not in urls]
    if missing:
        raise GeoLIDError(
            f"{list_url}: lists no archive of {len(missing)} languages ({', '.join(missing[:5])}); expected an address "
            "a line, such as .../ab.zip. Has the list moved? Give its address by --url"
        )
    return with_sizes(_archive(root, urls[label], label) for label in [*wanted, DEV])


def _label(url: str) -> str:
    return Path(unquote(urlsplit(url).path)).stem


def _archive(root: Path, url: str, label: str) -> Archive:
    path, folder = root / f"{label}.zip", root / label
    expected = files_unpacked(root, path.name)
    unpacked = expected is not None and _count(folder, deep=label == DEV) >= expected
    return Archive(url, path, folder, unpacked=unpacked, md5=MD5S.get(path.name))


def _count(folder: Path, deep: bool) -> int:
    return sum(not file.name.startswith(".") for file in folder.glob("*/*" if deep else "*"))
