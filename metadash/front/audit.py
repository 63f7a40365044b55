"""``metadash.audit``: what to look at in the metadata before training, who could be recognised, and what metadata alone answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import pandas as pd

from metadash.ablation.giveaway import Giveaway, giveaway
from metadash.ablation.metadata_only import Alone, alone_specs, base_run, proxies, read_alone
from metadash.answers.export import simple, span
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.figures.section import Section
from metadash.front.choices import Training, names_in, opened, spelled_out
from metadash.front.computing import compute_all, compute_one
from metadash.front.run import TrainedRun, load
from metadash.front.shown import Shown
from metadash.metadata.audit.anonymity import Anonymity, anonymity
from metadash.metadata.audit.audit import Audit
from metadash.metadata.audit.audit import audit as looked_at
from metadash.metadata.audit.findings import Finding
from metadash.runs.store import RunStore
from metadash.specs.probes import ProbeSpec
from metadash.specs.views import MapSpec
from metadash.stats import words
from metadash.stats.shots import fewest_shots

MARKS = {"block": "■ block", "warn": "▲ look ", "note": "· note "}


@dataclass(frozen=True, repr=False)
class AuditResult(Shown):
    """What an audit found: ``found`` holds the findings, the gravest first, and the coverage; ``hidden`` who is recognisable, ``alone``
    what metadata alone answer, ``probed`` what a published map gives away, where these were asked for."""

    found: Audit
    data: Dataset
    hidden: Anonymity | None = None
    alone: tuple[Alone, ...] = ()
    probed: Giveaway | None = None

    @property
    def blocked(self) -> bool:
        """Whether something must be mended before training."""
        return self.found.blocked

    @property
    def title(self) -> str:
        return f"{self.data.name}, split {self.found.split}"

    def parts(self) -> Section:
        runs = "".join(f"\nrun {one.digest}, {one.name} alone" for one in self.alone)
        alone = pd.DataFrame(
            {"source": one.name, "accuracy, %": one.accuracy.estimate, "chance, %": one.chance} for one in self.alone
        )
        return Section(
            self.title,
            [self.found.headline, *anonymity_lines(self.hidden), *([self.probed.sentence] if self.probed else [])],
            {"Findings": self.frame(), "Known for": self.coverage, **({"Metadata alone": alone} if self.alone else {})},
            [f"{self.title}, fingerprint {self.data.fingerprint}{runs}"],
        )

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.found.headline}", *map(line, self.found.findings), "", *coverage_lines(self.found)]
        lines += ["", *anonymity_lines(self.hidden)] if self.hidden else []
        lines += ["", "Metadata alone, at one example per class:", *map(alone_line, self.alone)] if self.alone else []
        return "\n".join(lines + (["", self.probed.sentence] if self.probed else []))

    def __repr__(self) -> str:
        return f"{self.title}: {self.found.headline}"

    def frame(self) -> pd.DataFrame:
        """Every finding, the gravest first: ``severity`` (``block``, ``warn`` or ``note``), ``code``, ``source``, ``column``, what was found and what to do."""
        columns = ["severity", "code", "source", "column", "sentence", "advice"]
        return pd.DataFrame([[getattr(one, name) for name in columns] for one in self.found.findings], columns=columns)

    @property
    def coverage(self) -> pd.DataFrame:
        """For each source the share of classes (or instances) of each role of which anything is known."""
        return self.found.coverage

    def values(self) -> dict[str, Any]:
        found, hidden = self.found, self.hidden
        return {
            "dataset": self.data.name,
            "split": found.split,
            "headline": found.headline,
            "blocked": found.blocked,
            "findings": [simple(finding) for finding in found.findings],
            "badges": {name: list(codes) for name, codes in found.badges.items()},
            "coverage": found.coverage.to_dict("records"),
            "anonymity": None if hidden is None else {**simple(hidden), "share_unique": hidden.share_unique},
            "metadata_only": [
                {**simple(one), "points_above_chance": one.above, "label_proxy": one.is_proxy} for one in self.alone
            ],
            "probe": None if self.probed is None else {**simple(self.probed), "sentence": self.probed.sentence},
        }


@spelled_out
def audit(
    data: Dataset,
    split: str | None = None,
    sources: str | Sequence[str] = (),
    *,
    quasi: str | Sequence[str] = (),
    sensitive: str | None = None,
    metadata_only: bool = False,
    probe: str | None = None,
    run: str | TrainedRun | None = None,
    prototypes: bool = False,
    progress: bool = True,
    **training: Unpack[Training],
) -> AuditResult:
    """What must be looked at before metadata are trained on: leaks, identifiers, gaps, parted groups, personal data.

    Nothing is trained unless ``metadata_only`` or ``probe`` asks for it.

    Parameters
    ----------
    data : what :func:`metadash.open` or :func:`metadash.from_tables` gave.
    split : what it is judged under (default: the data set's own).
    sources : only these (default: all).
    quasi, sensitive : columns that others may know: counts the people (rows) they cannot be told from (k-anonymity, Sweeney 2002), and
        what they would then learn (l-diversity, Machanavajjhala et al. 2007).
    metadata_only : also train what answers from metadata alone, at one example a class.
    probe, run, prototypes : how well a published map (or the ``prototypes``) of a trained learner, itself or its digest, would let a
        reader guess the column ``probe``.
    backbone, width, backbone_episodes, backbone_training, own_backbone, normalise, text_encoder, steps, n_episodes, n_query : of ``metadata_only``, as in :func:`metadash.answer`.
    progress : show a progress bar.

    Raises
    ------
    BadInput
        One sentence: for a source, split, column or run that there is not, a choice that would be ignored.

    Examples
    --------
    >>> import metadash as md
    >>> found = md.audit(data, quasi=["corner", "is_round"])
    >>> found.blocked, found.hidden.k
    (False, 1)
    """
    check_asked(quasi, sensitive, metadata_only, probe, run, prototypes, training)
    found, named = looked_at(opened(data), split, names_in(sources)), names_in(sources)
    hidden = anonymity(data, names_in(quasi), sensitive) if quasi else None
    alone: list[Alone] = []
    if metadata_only:
        specs = alone_specs(data, base_run(data, found.split, **training), named)
        compute_all(list(specs.values()), data.workspace, f"{', '.join(named) or 'metadata'} alone", progress, workers=1)
        alone = read_alone(specs, data, RunStore(data.workspace))
    told = None if probe is None or run is None else given_away(data, probe, run, prototypes, progress)
    return AuditResult(found.with_more(proxies(alone)), data, hidden, tuple(alone), told)


def check_asked(
    quasi: str | Sequence[str],
    sensitive: str | None,
    metadata_only: bool,
    probe: str | None,
    run: str | TrainedRun | None,
    prototypes: bool,
    training: Training,
) -> None:
    """Raises BadInput for what belongs to a part of the audit that was not asked for."""
    idle = [name for name, value in training.items() if value is not None]
    if idle and not metadata_only:
        raise BadInput(f"{idle[0]} would be ignored without metadata_only, since nothing else is trained here; leave it out.")
    if probe is None and (run is not None or prototypes):
        raise BadInput(f"{'prototypes' if prototypes else 'run'} would be ignored without probe, which says what to guess.")
    if probe is not None and run is None:
        raise BadInput("probe needs the run whose map or prototypes would be published; name it as run.")
    if sensitive and not quasi:
        raise BadInput("sensitive says what others would learn; name what they know already as quasi.")


def given_away(data: Dataset, column: str, run: str | TrainedRun, prototypes: bool, progress: bool) -> Giveaway:
    """Guess a column from the map of a stored run's first test task, or from its prototypes."""
    asked = run if isinstance(run, TrainedRun) else load(run, data.workspace)
    if asked.spec.dataset != data.name:
        raise BadInput(f"The run {asked.digest} is of the data set '{asked.spec.dataset}'; audit that one.")
    seen = MapSpec(asked.spec, n_shot=fewest_shots(asked.spec.evaluation.shots))
    guessed = ProbeSpec(seen, "prototypes", column, "logistic") if prototypes else ProbeSpec(seen, "map", column)
    return giveaway(compute_one(guessed, data.workspace, progress))


def line(finding: Finding) -> str:
    return f"{MARKS[finding.severity]}  {finding.code}: {finding.sentence} {finding.advice}"


def coverage_lines(found: Audit) -> list[str]:
    width = max((len(name) for name in found.sources), default=0)
    rows = found.coverage.to_dict("records")
    head = f"{'known for':{width}}  train  valid.  test"
    return [head] + [f"{r['source']:{width}}  {r['train']:5.0%}  {r['validation']:6.0%}  {r['test']:4.0%}" for r in rows]


def anonymity_lines(hidden: Anonymity | None) -> list[str]:
    """Nothing where nobody asked."""
    if hidden is None:
        return []
    lines = [
        f"Who knows {', '.join(hidden.quasi)}: the smallest of {words.count(hidden.groups)} groups has {words.count(hidden.k)} of "
        f"{words.count(hidden.rows)} rows (k = {hidden.k}); {words.percent(hidden.share_unique)} of the rows are alone."
    ]
    if hidden.l is not None:
        lines.append(f"At least {hidden.l} different values of {hidden.sensitive} in every group (l = {hidden.l}).")
    return lines


def alone_line(one: Alone) -> str:
    mark = "  label proxy" if one.is_proxy else ""
    inside, new = simple(one.accuracy), simple(one.new_classes)
    return (
        f"  {one.name}: {one.accuracy.estimate:.1f} % {span(inside)} on these test classes, {span(new)} on new; "
        f"chance {one.chance:.0f} %{mark}"
    )
