"""An answer as plain values: the same JSON from the command line and from the page."""

from dataclasses import asdict
from enum import Enum
from typing import Any

from metadash.answers.answer import Answer
from metadash.answers.sentence import sentences
from metadash.stats.metric import Metric
from metadash.stats.scored import Scores


def as_json(answer: Answer) -> dict[str, Any]:
    """Every number in an answer, under the names a reader would look for; each interval says what it is counted in."""
    shots = answer.spec.shots
    return {
        "sentence": " ".join(sentences(answer)),
        "question": asdict(answer.spec.question),
        "dataset": answer.spec.dataset,
        "split": answer.spec.run.split if not answer.spec.folds else None,
        "folds": answer.spec.folds,
        "by_fold": [
            {"split": fold.split, "n_groups": fold.n_groups, "n_classes": fold.n_classes, "gain": simple(fold.gain)}
            for fold in answer.folds
        ],
        "mode": answer.spec.mode,
        "seeds": list(answer.spec.seeds),
        "n_episodes": answer.n_episodes,
        "n_test_classes": answer.n_classes,
        "n_test_groups": answer.n_groups,
        "shots": list(shots),
        "metric": metric_values(answer.metric),
        answer.metric.name: {
            arm: [
                {"shot": shot, "these_test_classes": simple(inside), "new_classes": simple(new)}
                for shot, (inside, new) in zip(shots, rows, strict=True)
            ]
            for arm, rows in answer.means.items()
        },
        "differences": {
            name: [simple(row) for row in rows]
            for name, rows in (
                ("metadata_minus_plain", answer.gain),
                ("shuffled_minus_plain", answer.shuffled),
                ("metadata_minus_shuffled", answer.credit),
            )
        },
        "verdict": answer.first.decision.words,
        "chance": answer.first.decision.chance,
        "worth_in_shots": simple(answer.worth),
        **({"metadata_alone_worth_in_shots": simple(answer.worth_alone)} if answer.worth_alone else {}),
        "kappa": answer.kappa,
        "batch_norm": answer.batch_norm,
        "manifest": answer.manifest,
        "digests": {arm: list(digests) for arm, digests in answer.digests.items()},
        "seconds_computed": round(answer.seconds, 1),
        "digest": answer.digest,
    }


def metric_values(metric: Metric) -> dict[str, Any]:
    """What the numbers are values of, for a reader of the file."""
    return {
        "name": metric.name,
        "unit": metric.unit,
        "gains_in": metric.gain,
        "better": metric.better,
        "bounds": list(metric.bounds),
        "rope": metric.rope,
    }


def accuracy_rows(scores: Scores) -> list[dict[str, Any]]:
    """A learner's accuracy in %, at each number of ways (most first) and shots, with both intervals."""
    found = [scores.at_ways(n_way) for n_way in reversed(scores.ways)]
    means = [(at.n_way, shot, *at.means(shot)) for at in found for shot in at.shots]
    return [
        {"n_way": n_way, "shot": shot, "these_test_classes": simple(inside), "new_classes": simple(new)}
        for n_way, shot, inside, new in means
    ]


def simple(value: Any) -> Any:
    """A result dataclass as a dictionary, verdicts by name."""
    return {key: unwrapped(item) for key, item in asdict(value).items()}


def unwrapped(item: Any) -> Any:
    if isinstance(item, Enum):
        return item.name.lower()
    if isinstance(item, dict):
        return {key: unwrapped(inner) for key, inner in item.items()}
    if isinstance(item, (list, tuple)):
        return [unwrapped(inner) for inner in item]
    return item


def span(interval: dict[str, Any]) -> str:
    """``[74.0, 79.8]`` of an interval as values, or why there is none."""
    return f"[{interval['low']:.1f}, {interval['high']:.1f}]" if interval["low"] is not None else f"({interval['note']})"
