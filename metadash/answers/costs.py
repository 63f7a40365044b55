"""What an arm costs, as its runs measured it: seconds, memory, trained parameters; and which learner is worth them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from metadash.answers.family import Claim, Pair, unbeaten
from metadash.answers.stored_arms import StoredArm
from metadash.runs.record import Run
from metadash.stats import words

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Cost:
    """Means over the seeds of an arm, but for memory, which is the most that any of them needed. None: not recorded.

    ``seconds`` by the wall, tuning, training and scoring together, ``scoring_seconds`` and ``tuning_seconds`` (0: as it came) of them;
    ``cpu_seconds`` of the processor; ``seconds_range`` from the quickest seed to the slowest; ``peak_mib`` as ``metadash.runs.cost`` counts it, of
    training and scoring. The backbone is not in it: its training is shared by learners, and paid once. Seeds share a tuning too, but no other learner does.
    """

    seconds: float
    seconds_range: tuple[float, float]
    scoring_seconds: float | None
    cpu_seconds: float | None
    peak_mib: float | None
    trained_parameters: int | None
    tuning_seconds: float = 0.0

    def as_values(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "scoring_seconds": self.scoring_seconds,
            "tuning_seconds": self.tuning_seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_mib": self.peak_mib,
            "trained_parameters": self.trained_parameters,
        }

    def in_words(self) -> dict[str, str]:
        """The columns of a table, the same on the page and in the terminal."""
        return {
            "seconds": seconds_words(self.seconds),
            "of them scoring": seconds_words(self.scoring_seconds),
            **({"of them tuning": seconds_words(self.tuning_seconds)} if self.tuning_seconds else {}),
            "processor": seconds_words(self.cpu_seconds),
            "memory": memory_words(self.peak_mib),
            "parameters trained": NOT_RECORDED if self.trained_parameters is None else words.count(self.trained_parameters),
        }


def cost_of(arm: StoredArm) -> Cost:
    tuning = [run.cost.get("tuning_seconds", 0.0) for run in arm.runs]
    seconds = [run.about["seconds"] + more for run, more in zip(arm.runs, tuning, strict=True)]
    return Cost(
        mean(seconds) or 0.0,
        (min(seconds), max(seconds)),
        mean(run.cost.get("scoring_seconds") for run in arm.runs),
        mean(map(processor, arm.runs)),
        max(known) if (known := all_of(run.cost.get("peak_mib") for run in arm.runs)) else None,
        max(counts) if (counts := all_of(run.summary.get("trained_parameters") for run in arm.runs)) else None,
        mean(tuning) or 0.0,
    )


def processor(run: Run) -> float | None:
    """Its processor seconds, with those of the tuning that it was chosen by; None where either is not known."""
    own, tuning = run.cost.get("cpu_seconds"), run.cost.get("tuning_cpu_seconds", None if "tuning_seconds" in run.cost else 0.0)
    return None if own is None or tuning is None else own + tuning


def all_of(values: Iterable[Any]) -> list[Any]:
    """The values where every one is known, else none: a mean over some seeds would pass for one over all."""
    found = list(values)
    return [] if None in found else found


def mean(values: Iterable[float | None]) -> float | None:
    found = all_of(values)
    return sum(found) / len(found) if found else None


def seconds_words(seconds: float | None) -> str:
    """``0.36 s``, ``42 s``, ``310 s``: one unit, so that a column can be compared."""
    if seconds is None:
        return NOT_RECORDED
    return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s" if seconds < 10 else f"{words.count(round(seconds))} s"


def memory_words(mib: float | None) -> str:
    return NOT_RECORDED if mib is None else f"{mib:.1f} MiB" if mib < 10 else f"{words.count(round(mib))} MiB"


def paid(costs: Mapping[str, Cost]) -> tuple[dict[str, float], str]:
    """What each arm is charged, and what that is called: processor seconds, which other programs do not stretch, where all have them."""
    cpu = {identity: cost.cpu_seconds for identity, cost in costs.items() if cost.cpu_seconds is not None}
    return (cpu, "processor seconds") if len(cpu) == len(costs) else ({i: cost.seconds for i, cost in costs.items()}, "seconds")


def cheapest(costs: Mapping[str, Cost], pairs: Mapping[Pair, Claim]) -> str:
    """The arm that pays the least among those that no other is shown to do better than (Holm over all ``pairs``)."""
    seconds, _ = paid(costs)
    return min(unbeaten(list(costs), pairs), key=lambda identity: seconds[identity])


def cheapest_words(names: Mapping[str, str], costs: Mapping[str, Cost], pairs: Mapping[Pair, Claim]) -> str:
    """One sentence for people who pay: what is corrected for is said, and nothing is called best."""
    found, (seconds, unit) = cheapest(costs, pairs), paid(costs)
    memory = "" if costs[found].peak_mib is None else f" and {memory_words(costs[found].peak_mib)}"
    among = f"Holm over {len(pairs)} pairs" if len(pairs) > 1 else "by their paired test"
    price = f"{seconds_words(seconds[found]).removesuffix(' s')} {unit}{memory} a run"
    return f"The cheapest learner that no other here is shown to beat ({among}): “{names[found]}”, {price}."
