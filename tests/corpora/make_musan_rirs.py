"""Make miniatures of MUSAN and RIRS_NOISES with the layout, names, tables and oddities of the real ones.

    python tests/corpora/make_musan_rirs.py <folder> [--archives <folder>]

They are called musan and RIRS_NOISES, as they unpack. What is heard is noise, and speech; rooms are noise that dies
away. Of MUSAN, an artist is in another encoding than UTF-8, and nothing is noted of noise and of hearings. Of
RIRS_NOISES, the recorded rooms have up to eight channels, and stand among noises. `--archives` packs both as they are
published.
"""

import argparse
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from speech import speech

RATE = 16000
# Each source with its files, as they are called without number, and what is noted of each.
MUSIC = {
    "fma": ("music-fma", [b"blues Y Cullah", b"pop,electronica N Quiet_Music_for_Tiny_Robots"]),
    "fma-western-art": ("music-fma-wa", [b"baroque N Johann_M\xfcller"]),
    "hd-classical": ("music-hd", [b"romantic,piano N John_Harrison"]),
    "jamendo": ("music-jamendo", [b"rock Y Some_Band", b"folk Y Another"]),
    "rfm": ("music-rfm", [b"ambient N Kevin_MacLeod"]),
}
SPEECH = {
    "librivox": ("speech-librivox", [b"f german", b"m english", b"m chinese", b"f german"]),
    "us-gov": ("speech-us-gov", [b"", b""]),
}
NOISE = {"free-sound": ("noise-free-sound", [b""] * 3), "sound-bible": ("noise-sound-bible", [b""] * 2)}
ROOMS = ("small", "medium", "large")
REAL = {  # recorded rooms: channels
    "RVB2014_type1_rir_largeroom1_far_angla": 8,
    "RWCP_type1_rir_cirline_jr1_imp000": 1,
    "air_type1_air_binaural_aula_carolina_1_1_90_3": 2,
}


def make(root: Path) -> Path:
    """Write both corpora into a folder."""
    for kind, sources in (("music", MUSIC), ("noise", NOISE), ("speech", SPEECH)):
        for source, (name, notes) in sources.items():
            folder = root / "musan" / kind / source
            for number in range(len(notes)):
                _write(folder / f"{name}-{number:04d}.wav", 0.1 + 0.4 * number)
            (folder / "LICENSE").write_text("public domain\n")
            if any(notes):
                lines = [b"%s-%04d %s\n" % (name.encode(), number, note) for number, note in enumerate(notes)]
                (folder / "ANNOTATIONS").write_bytes(b"".join(lines))
    (root / "musan" / "README").write_text("A miniature.\n")
    (root / "musan" / "music" / "fma" / "._music-fma-0000.wav").write_bytes(b"of another system")

    rirs = root / "RIRS_NOISES"
    for size in ROOMS:
        folder, lines = rirs / "simulated_rirs" / f"{size}room", []
        for room in ("Room001", "Room002"):
            for number in ("00001", "00002"):
                _write(folder / room / f"{room}-{number}.wav", 0.05, decay=True)
                place = f"RIRS_NOISES/simulated_rirs/{size}room/{room}/{room}-{number}.wav"
                lines.append(f"--rir-id {size}-{room}-{number} --room-id {size}-{room} {place}\n")
        (folder / "rir_list").write_text("".join(lines))
        (folder / "room_info").write_text("Room001 2.1 3.2 2.5\n")
    folder = rirs / "real_rirs_isotropic_noises"
    for name, channels in REAL.items():
        _write(folder / f"{name}.wav", 0.2, channels, decay=True)
    _write(folder / "RVB2014_type1_noise_largeroom1_1.wav", 0.5, 8)
    lines = [f"--rir-id {n:05d} --room-id r{n} RIRS_NOISES/{folder.name}/{name}.wav\n" for n, name in enumerate(REAL)]
    (folder / "rir_list").write_text("".join(lines))
    _write(rirs / "pointsource_noises" / "noise-free-sound-0000.wav", 0.1)
    return root


def _write(wav: Path, seconds: float, channels: int = 1, decay: bool = False) -> None:
    draw = np.random.default_rng(list(str(wav.relative_to(wav.parents[2])).encode()))  # each file has its own sound
    times = np.arange(round(seconds * RATE)) / RATE
    wave = 0.1 * draw.standard_normal((len(times), channels))
    if "speech" in wav.parts:
        wave += speech(seconds, RATE, wav.name)[:, None]
    if decay:
        wave *= 10 ** (-3 * times / seconds)[:, None]
        wave[20] = 0.9  # the direct sound
    wav.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(wav, wave, RATE, subtype="PCM_16")


def pack(root: Path, archives: Path) -> Path:
    """Pack both as they are published."""
    archives.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archives / "musan.tar.gz", "w:gz") as archive:
        archive.add(root / "musan", "musan")
    with zipfile.ZipFile(archives / "rirs_noises.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((root / "RIRS_NOISES").rglob("*")):
            archive.write(file, file.relative_to(root))
    return archives


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: musan and RIRS_NOISES")
    parser.add_argument("--archives", type=Path, help="written: the same as it is published")
    args = parser.parse_args(argv)
    make(args.folder)
    if args.archives:
        pack(args.folder, args.archives)


if __name__ == "__main__":
    main()
