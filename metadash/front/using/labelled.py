"""What a trained learner said of the inputs that it was given: labels, probabilities, what they are worth, and what decided. Reads no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metadash.data.given.given import Given, given_named
from metadash.errors import BadInput
from metadash.figures.section import Section
from metadash.front.shown import ShownRun
from metadash.front.using.trust import Trust, trust_in
from metadash.runs.kinds import title_of
from metadash.runs.store import Run, RunStore
from metadash.specs.transduction import sentence
from metadash.specs.use import UseSpec
from metadash.stats.calibration import membership, probabilities
from metadash.stats.words import count, plural_of
from metadash.workspace import part_of, reason

FIXED = ("input", "label", "probability", "second", "none_of_these")
"""The columns that every table of labels begins with."""

FORMATS = {".csv": "to_csv", ".parquet": "to_parquet"}


@dataclass(frozen=True, repr=False)
class Labelled(ShownRun):
    """Labels for everything that was ``given``, by the run of a ``UseSpec``. ``trust`` says what its probabilities are worth; where the data
    set has too few classes to say it, that is None, and so are the temperature and *none of these*."""

    run: Run
    given: Given
    trust: Trust | None

    @property
    def spec(self) -> UseSpec:
        """What was asked."""
        return self.run.spec_as(UseSpec)

    def at(self, false_alarm: float) -> "Labelled":
        """The same with another share of true members that *none of these* may reject. Nothing is computed anew."""
        return replace(self, trust=self.trust and self.trust.at(false_alarm))

    @property
    def classes(self) -> list[str]:
        """In the order of the columns of ``probabilities``."""
        return self.run.summary["classes"]

    @property
    def tellings(self) -> list[str]:
        """What the learner was told of the classes, each way in which it was asked: "everything", "nothing", "without" a source."""
        return self.run.summary["tellings"]

    @cached_property
    def logits(self) -> np.ndarray:
        """[tellings, queries, classes] as the learner gave them."""
        return np.asarray(self.run.array("logits"))

    @property
    def temperature(self) -> float:
        """What logits are divided by; 1 where it could not be fitted."""
        return 1.0 if self.trust is None else self.trust.temperature

    def probabilities(self, telling: str = "everything") -> pd.DataFrame:
        """[queries, classes] calibrated, a column a class. Raises BadInput for a telling that there is not."""
        if telling not in self.tellings:
            raise BadInput(f"The learner was not asked when told '{telling}'; it was when told {', '.join(self.tellings)}.")
        found = probabilities(self.logits[self.tellings.index(telling)], self.temperature)
        return pd.DataFrame(found, columns=self.classes)

    @cached_property
    def none_of_these(self) -> np.ndarray:
        """[queries] whether an input looks like no member of any of the classes; false of all where there is no threshold."""
        if self.trust is None or self.trust.threshold is None:
            return np.zeros(self.logits.shape[1], dtype=bool)
        return membership(self.logits[0], self.temperature, self.trust.score) < self.trust.threshold

    def frame(self) -> pd.DataFrame:
        """A row an input: ``input``, ``label``, its calibrated ``probability``, the runner-up ``second``, ``none_of_these``; then
        ``second_probability``, ``decided_by`` (the example that speaks most for the label), ``corrected`` (whether a person gave the label),
        and where metadata were told, ``without_metadata`` and ``probability_without_metadata``."""
        found, names = self.probabilities().to_numpy(), np.array(self.classes, dtype=object)
        order = np.argsort(-found, axis=1, kind="stable")
        rows, first, second = np.arange(len(found)), order[:, 0], order[:, 1]
        frame = pd.DataFrame(
            {
                "input": self.given.names,
                "label": names[first],
                "probability": found[rows, first],
                "second": names[second],
                "none_of_these": self.none_of_these,
                "second_probability": found[rows, second],
                "decided_by": self.decided_by,
                "corrected": False,
            }
        )
        if "nothing" in self.tellings:
            bare = self.probabilities("nothing").to_numpy()
            frame["without_metadata"] = names[bare.argmax(axis=1)]
            frame["probability_without_metadata"] = bare.max(axis=1)
        for place, label in self.given.corrected.items():
            told: dict[str, Any] = {"label": label, "probability": 1.0, "none_of_these": False, "corrected": True}
            if names[second[place]] == label:
                told |= {"second": names[first[place]], "second_probability": found[place, first[place]]}
            for column, value in told.items():
                frame.at[place, column] = value
        return frame

    @property
    def decided_by(self) -> np.ndarray:
        """[queries] the name of the example that speaks most for each label."""
        first = self.deciding[self.deciding["rank"] == 1].set_index("query")["example"]
        return first.reindex(range(self.logits.shape[1])).fillna("").to_numpy()

    @cached_property
    def deciding(self) -> pd.DataFrame:
        """Of each query the (up to three) examples of its label that speak most for it: ``query`` (its place), ``rank``, ``example`` (its
        name), ``place`` (among the examples), ``distance`` where the learner compares, ``change`` of the uncalibrated probability when the
        example is left out."""
        found = self.run.frame("deciding")
        names = np.array([*self.given.said.example_names, ""], dtype=object)
        found = found.rename(columns={"example": "place"})
        found.insert(2, "example", names[found["place"].to_numpy()])
        return found

    def side_by_side(self, place: int) -> pd.DataFrame:
        """One query under everything that the learner was told: ``told``, ``label``, ``probability``, and the probability of the label that it has
        when all is told."""
        named = np.stack([self.probabilities(telling).to_numpy()[place] for telling in self.tellings])
        own = int(named[0].argmax())
        return pd.DataFrame(
            {
                "told": self.tellings,
                "label": [self.classes[best] for best in named.argmax(axis=1)],
                "probability": named.max(axis=1),
                f"probability of {self.classes[own]}": named[:, own],
            }
        )

    def by_source(self) -> pd.DataFrame:
        """What being told changes, a row a way of telling less: ``told``, the share of labels that ``changed`` against everything, and the mean
        ``probability`` of the labels given then."""
        full = self.probabilities().to_numpy().argmax(axis=1)
        rows = []
        for telling in self.tellings[1:]:
            found = self.probabilities(telling).to_numpy()
            rows.append(
                {
                    "told": telling,
                    "changed": float((found.argmax(axis=1) != full).mean()),
                    "probability": float(found.max(axis=1).mean()),
                }
            )
        return pd.DataFrame(rows, columns=["told", "changed", "probability"])

    def review(self) -> pd.DataFrame:
        """``frame`` with ``place``, those that are most in doubt first: what a person should look at before the rest. What they have corrected
        is not in doubt. *None of these* come first, then the smallest lead of a label over the runner-up."""
        frame = self.frame().rename_axis("place").reset_index()
        frame["lead"] = frame["probability"] - frame["second_probability"]
        frame = frame[~frame["corrected"]]
        return frame.sort_values(["none_of_these", "lead"], ascending=[False, True], kind="stable").reset_index(drop=True)

    @property
    def reliability(self) -> pd.DataFrame:
        """``Trust.reliability``; empty where nothing is known."""
        return pd.DataFrame() if self.trust is None else self.trust.reliability

    @property
    def ece(self) -> float | None:
        """``Trust.ece``."""
        return None if self.trust is None else self.trust.ece

    @property
    def notes(self) -> list[str]:
        """What a person should know beside the labels, a sentence each."""
        found = [*self.given.said.notes, *filter(None, [sentence(self.spec.run), self.untold])]
        if self.trust is None:
            return [
                *found,
                "The data set has too few validation or test classes to say what these probabilities are worth; they are as the learner gives them.",
            ]
        return [*found, *self.trust.sentences(self.given.said)]

    @property
    def untold(self) -> str:
        """Which of the learner's sources nothing was told of; empty where there is none."""
        run = self.spec.run
        missing = [name for name in run.sources if run.reads_at_test and name not in self.run.summary["told"]]
        return f"Nothing was told of {', '.join(missing)}, so that is taken to be missing." if missing else ""

    @property
    def sentence(self) -> str:
        """How many were labelled, how many are none of these."""
        told = f"{count(len(self.given.names))} inputs labelled as one of {plural_of(len(self.classes), 'class')}"
        none = int(self.none_of_these.sum())
        return (
            f"{told}; {count(none)} look like none of these."
            if self.trust is not None and self.trust.threshold is not None
            else f"{told}."
        )

    def __str__(self) -> str:
        return "\n".join([self.sentence, *[f"  {note}" for note in self.notes]])

    def __repr__(self) -> str:
        return self.sentence

    def parts(self) -> Section:
        return Section(
            title_of(self.spec),
            [self.sentence, *self.notes],
            {"Labels": self.frame(), "How far probabilities can be believed": self.reliability},
            [f"{self.spec.dataset}\nrun {self.digest}"],
        )

    def values(self) -> dict[str, Any]:
        """What the verb ``predict --json`` prints."""
        return {
            "digest": self.digest,
            "labels": self.frame()[list(FIXED)].to_dict("records"),
            "trust": None if self.trust is None else self.trust.values(),
            "notes": self.notes,
        }

    def write(self, file: str | Path, columns: Sequence[str] | None = None) -> Path:
        """``frame`` (or some ``columns`` of it) as CSV or Parquet, by the ending of the file's name. Raises BadInput for another ending, and where it cannot be written."""
        path = Path(file)
        if path.suffix.lower() not in FORMATS:
            raise BadInput(f"'{path.name}' must end in .csv or .parquet.")
        part = part_of(path)
        try:
            frame = self.frame()
            getattr(frame if columns is None else frame[list(columns)], FORMATS[path.suffix.lower()])(part, index=False)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise BadInput(f"'{path.name}' could not be written: {reason(error)}; name another file.") from error
        return path


def labelled(run: Run, store: RunStore, false_alarm: float | None = None) -> Labelled:
    """The finished ``run`` of a ``UseSpec``, as it is read. ``false_alarm``: another than it was asked with.

    Raises BadInput where what was given, or what its probabilities are worth, is gone.
    """
    spec = run.spec_as(UseSpec)
    given = given_named(store.workspace, spec.given)
    return Labelled(run, given, trust_in(run, store, spec.false_alarm if false_alarm is None else false_alarm))
