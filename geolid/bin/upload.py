"""Publish a packed model on the Hugging Face Hub."""

import time
from collections.abc import Sequence
from pathlib import Path

from humanfriendly import format_size

from geolid.bin.command import ArgumentParser, flag, run
from geolid.share.upload import Parcel, make_parcel, upload


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("packed_dir", type=Path, help="read: a packed model, as stage 9 writes it")
    parser.add_argument("hf_repo", help="written: the repository, <owner>/<name>; made if it is not there")
    parser.add_argument("--private", type=flag, default=True, help="whether only those whom you let in see it")
    parser.add_argument("--dry_run", type=flag, default=False, help="whether to show only what would be sent")
    args = parser.parse_args(argv)

    parcel = make_parcel(args.packed_dir, args.hf_repo, args.private)
    seen_by = "private" if parcel.private else "public, for everybody to see"
    what = f"{len(parcel.files)} files, {format_size(parcel.size)}, licence {parcel.licence}"
    if args.dry_run:
        print("\n".join(f"{format_size(size):>10}  {name}" for name, size in parcel.files.items()))
        print(f"{what}: would go to {parcel.url} ({seen_by}), as one commit; nothing was sent")
        return
    print(f"{what}: go to {parcel.url} ({seen_by})", flush=True)
    _deliver(parcel)


def _deliver(parcel: Parcel) -> None:
    began = time.monotonic()
    delivery = upload(parcel)
    if delivery.removed:
        print(f"of the model that was there, the new one does not have, and it is gone: {', '.join(delivery.removed)}")
    done = "is there" if delivery.changed else "was there already, nothing has changed"
    print(f"{parcel.url} {done}: commit {delivery.commit[:12]}, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    run(main)
