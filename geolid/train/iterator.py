"""The batches of each epoch, read by loader processes. The share of this process among those that train together."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from espnet2.iterators.abs_iter_factory import AbsIterFactory
from torch.utils.data import DataLoader, Dataset

from geolid.errors import GeoLIDError
from geolid.train.batches import GROUPINGS, Batches, BatchSize, group_by_length, join
from geolid.train.dataset import Batch, Request, SpeechDataset
from geolid.train.sampler import PowerLawSampler


@dataclass(frozen=True)
class Summary:
    utterances: int
    hours: float
    languages: list[str]  # in the order of their labels
    batches_per_epoch: int  # of this process


class _IterFactory(AbsIterFactory):
    def __init__(self, dataset: SpeechDataset, rank: int, world_size: int, num_workers: int, pin_memory: bool):
        self.dataset = dataset
        self._rank = rank
        self._world_size = world_size
        self._num_workers = num_workers
        self._pin_memory = pin_memory

    @abstractmethod
    def requests(self, epoch: int) -> "Requests":
        """Return what this process reads in an epoch."""

    def build_iter(self, epoch: int) -> "Loader":
        """Return this process's batches of an epoch: pairs of ids and tensors."""
        return Loader(self.dataset, self.requests(epoch), self._num_workers, self._pin_memory)

    @property
    def summary(self) -> Summary:
        utterances = self.dataset.utterances
        hours = float(utterances.lengths.sum() / self.dataset.rate / 3600)
        return Summary(len(utterances), hours, list(utterances.languages), self._batches_per_epoch())

    def _batches_per_epoch(self) -> int:
        return len(self.requests(1))


class TrainIterFactory(_IterFactory):
    """Draws utterances anew for each epoch. Every process draws the same batches and takes every n-th row of each."""

    def __init__(
        self,
        dataset: SpeechDataset,
        sampler: PowerLawSampler,
        size: BatchSize,
        grouping: str = "length",
        num_iters_per_epoch: int | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        pin_memory: bool = False,
    ):
        super().__init__(dataset, rank, world_size, num_workers, pin_memory)
        if grouping not in GROUPINGS:
            raise GeoLIDError(f"batch_grouping: found {grouping!r}, expected one of {', '.join(GROUPINGS)}")
        self._group = GROUPINGS[grouping]
        self._sampler = sampler
        self._size = replace(size, min_batch_size=max(size.min_batch_size, world_size))
        self._num_iters_per_epoch = num_iters_per_epoch
        self._seed = seed
        self._drawn: tuple[int, Batches] | None = None

    def batches(self, epoch: int) -> Batches:
        """Return an epoch's batches, of all processes together; they depend on the seed and the epoch alone."""
        if self._drawn is None or self._drawn[0] != epoch:
            self._drawn = epoch, self._draw(epoch)
        return self._drawn[1]

    def requests(self, epoch: int) -> "Requests":
        batches = self.batches(epoch)
        return Requests(batches, range(len(batches)), slice(self._rank, None, self._world_size), self._seed, epoch)

    def _draw(self, epoch: int) -> Batches:
        rng = np.random.default_rng((self._seed, epoch))
        passes: list[Batches] = []
        wanted = self._num_iters_per_epoch
        while not passes or wanted is not None and sum(map(len, passes)) < wanted:
            batches = self._group(self._sampler.draw(rng), self.dataset.lengths, self._size)
            if not len(batches):
                raise GeoLIDError(
                    f"no batch comes of {self._sampler.draws_per_epoch} utterances an epoch: expected at least "
                    f"{self._size.min_batch_size} (min_batch_size, and one for each process), and a full batch where "
                    "drop_last_iter is true; use fewer processes, a smaller batch, or more data"
                )
            passes.append(batches.take(rng.permutation(len(batches))[:wanted]))
        batches = join(passes)
        return batches.take(np.arange(len(batches))[:wanted])

    def _batches_per_epoch(self) -> int:
        return self._num_iters_per_epoch or super()._batches_per_epoch()


class ValidIterFactory(_IterFactory):
    """Every utterance once, in batches of similar length. Whole batches are dealt out to the processes in turn."""

    def __init__(
        self,
        dataset: SpeechDataset,
        size: BatchSize,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        pin_memory: bool = False,
    ):
        super().__init__(dataset, rank, world_size, num_workers, pin_memory)
        size = replace(size, min_batch_size=1, drop_last=False)
        self._batches = group_by_length(np.arange(len(dataset.utterances)), dataset.lengths, size)

    def requests(self, epoch: int) -> "Requests":
        numbers = range(self._rank, len(self._batches), self._world_size)
        return Requests(self._batches, numbers, slice(None), 0, epoch)


class Requests:
    """The requests of an epoch's batches, made when they are due."""

    def __init__(self, batches: Batches, numbers: range, places: slice, seed: int, epoch: int):
        self._batches = batches
        self._numbers = numbers
        self._places = places
        self._seed = seed
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[list[Request]]:
        for number in self._numbers:
            rows = self._batches[number].tolist()
            # Batches count from 1: numpy takes a seed that ends in zeros for one without them, which draws the epoch.
            keys = [(self._seed, self._epoch, number + 1, place) for place in range(len(rows))]
            yield list(zip(rows, keys, strict=True))[self._places]


class Loader(DataLoader):
    """A DataLoader of whole batches, whose errors for people come without the traceback of a loader process."""

    def __init__(self, dataset: SpeechDataset, requests: Requests, num_workers: int, pin_memory: bool):
        super().__init__(
            _ErrorsAsItems(dataset),
            batch_size=None,  # an item is a batch already
            sampler=requests,
            num_workers=num_workers,
            collate_fn=_as_it_is,
            pin_memory=pin_memory,
            # forked, they share the tables; each computes in one thread, as the DataLoader sees to
            multiprocessing_context="fork" if num_workers else None,
        )

    def __iter__(self) -> Iterator[Batch]:
        for item in super().__iter__():
            if isinstance(item, GeoLIDError):
                raise item
            yield item


class _ErrorsAsItems(Dataset):
    def __init__(self, dataset: SpeechDataset):
        self._dataset = dataset

    def __getitem__(self, requests: list[Request]) -> Batch | GeoLIDError:
        try:
            return self._dataset[requests]
        except GeoLIDError as error:
            return error


def _as_it_is(item):
    return item
