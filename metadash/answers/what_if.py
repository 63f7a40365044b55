"""What a changed piece of metadata does: the same learner on the same episodes, before and after, paired, with its verdict."""

from dataclasses import dataclass

import numpy as np

from metadash.answers.scores import load_scores, values_in
from metadash.answers.sentence import examples, on_new, plural
from metadash.runs.store import Run, RunStore
from metadash.specs.what_if import WhatIfSpec
from metadash.stats.intervals import Interval
from metadash.stats.metric import ACCURACY, Metric, refuse_mixed
from metadash.stats.paired import Difference, difference
from metadash.stats.scored import Scores
from metadash.stats.words import count


@dataclass(frozen=True)
class WhatIf:
    """The mean of ``metric`` before and after at each number of shots (over episodes, over new classes), and the paired difference."""

    shots: tuple[int, ...]
    before: tuple[tuple[Interval, Interval], ...]
    after: tuple[tuple[Interval, Interval], ...]
    differences: tuple[Difference, ...]
    changed_classes: int
    test_classes: int
    changed_instances: int = 0
    test_instances: int = 0
    metric: Metric = ACCURACY

    def at(self, shot: int) -> Difference:
        return self.differences[self.shots.index(shot)]


def what_if(run: Run, trained: Run, store: RunStore) -> WhatIf:
    """``run`` is the stored what-if, ``trained`` the run it asked. Raises BadInput when a folder is damaged."""
    before = load_scores([trained], store)
    after = scores_of(run, before)
    return WhatIf(
        before.shots,
        tuple(before.means(shot) for shot in before.shots),
        tuple(after.means(shot) for shot in before.shots),
        tuple(difference(after, before, shot) for shot in before.shots),
        run.summary["changed_classes"],
        run.summary["test_classes"],
        run.summary["changed_instances"],
        run.summary["test_instances"],
        before.metric,
    )


def scores_of(run: Run, like: Scores) -> Scores:
    """A what-if's scores, beside those of the run that it asked."""
    refuse_mixed({run.metric, like.metric})
    values = values_in(run.scores().sort_values(["shot", "episode"])).reshape(len(like.shots), 1, -1)
    return Scores(like.shots, values, like.manifest, (run.digest,), like.seeds, metric=like.metric)


def headline(found: WhatIf, spec: WhatIfSpec, class_noun: str, unit_noun: str) -> str:
    """One sentence: for how many classes and instances metadata are changed, and what that does at the number of shots looked at."""
    moved = found.at(spec.n_shot)
    opening = f"With {examples(spec.n_shot)} per {class_noun}, "
    hit = [
        f"{count(changed)} of {count(there)} test {noun}"
        for changed, there, noun in (
            (found.changed_classes, found.test_classes, "classes"),
            (found.changed_instances, found.test_instances, "instances"),
        )
        if changed
    ]
    if not hit:
        return f"{opening}{found.metric.title} is what it was: nothing is changed yet."
    new, nouns = moved.new_classes, plural(unit_noun)
    beyond = f", {on_new(new, unit_noun)}" if new.low is not None else ""
    return (
        f"{opening}{found.metric.title} {found.metric.moves} {moved.episodes.words} on these {nouns}{beyond}, "
        f"when the metadata of {' and of '.join(hit)} are changed."
    )


def moved_queries(run: Run) -> dict[str, int]:
    """Of the episode looked at: how many queries became right, became wrong, and stayed."""
    frame = run.frame("queries")
    before = (frame["predicted_before"] == frame["class_id"]).to_numpy()
    after = (frame["predicted_after"] == frame["class_id"]).to_numpy()
    return {
        "queries": len(frame),
        "right_before": int(before.sum()),
        "right_after": int(after.sum()),
        "became_right": int(np.sum(after & ~before)),
        "became_wrong": int(np.sum(before & ~after)),
    }
