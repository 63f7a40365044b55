"""An ablation as it is asked for: which sources, how thoroughly, and the runs that this takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from metadash.data.dataset import Dataset
from metadash.data.folds import MOST_FOLDS
from metadash.errors import BadInput
from metadash.learners.registry import entry_of
from metadash.metadata.audit.findings import Material
from metadash.metadata.audit.identifiers import identifier_in
from metadash.metadata.audit.instances import class_tellers
from metadash.specs.any_spec import Spec
from metadash.specs.builder import fold_splits, folded, on_split, run_for, usual_folds
from metadash.specs.run import RunSpec
from metadash.specs.source_levels import usual_strategy
from metadash.specs.subsets import MOST_SOURCES, HeadsSpec, MaskedSpec, SourceArm, arms_of, planned_masks, run_of
from metadash.stats.verdict import ROPE

Tier = Literal["reliance", "screen", "confirm"]
FEWEST_SEEDS: dict[Tier, int] = {"reliance": 1, "screen": 3, "confirm": 5}
USUAL_SEEDS: dict[Tier, int] = {"reliance": 3, "screen": 3, "confirm": 5}
SOURCE_DROPOUT = 0.5
"""Of a learner that is to do without a source: each subset of few sources is seen often enough in training."""


@dataclass(frozen=True)
class AblationSpec:
    """An ablation of the sources of ``run`` (whose own seed does not matter).

    *reliance* hides sources from an ordinary trained model, *screen* from one trained with source dropout, *confirm* trains every arm
    anew with its ``controls``: as heads in one loop where the run allows it (every subset up to eight sources), else arm by arm
    (none, all, each left out, each alone). With ``folds`` > 0 confirm is cross-fitted: every arm is trained in each of so many folds,
    over a backbone of the fold's own, so that each class (with its whole group) is a test class once, and the folds' test episodes
    are pooled. Raises BadInput for too few seeds, and where there is nothing to ablate.
    """

    run: RunSpec
    tier: Tier = "confirm"
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    controls: tuple[str, ...] = ("shuffled",)
    rope: float = ROPE
    folds: int = 0
    fold_runs: tuple[RunSpec, ...] = ()

    def __post_init__(self) -> None:
        if self.tier not in FEWEST_SEEDS:
            raise BadInput(f"The tier is '{self.tier}'; it must be one of {', '.join(FEWEST_SEEDS)}.")
        fewest = FEWEST_SEEDS[self.tier]
        if len(set(self.seeds)) < len(self.seeds) or len(self.seeds) < fewest:
            raise BadInput(f"The tier {self.tier} needs at least {fewest} different seeds; it was given {len(self.seeds)}.")
        if not self.run.sources:
            raise BadInput("An ablation needs at least one metadata source.")
        if self.run.control != "none" or self.run.source_dropout:
            raise BadInput("An ablation starts from a run with real metadata; it adds controls and source dropout itself.")
        if entry_of(self.run.learner).needs_metadata:
            raise BadInput(f"The learner '{self.run.learner}' cannot do without metadata, so nothing can be taken from it.")
        if self.folds and not 2 <= self.folds <= MOST_FOLDS:
            raise BadInput(f"Cross-fitting in {self.folds} folds is not possible; choose from 2 to {MOST_FOLDS}, or 0 for none.")
        if self.folds and self.tier != "confirm":
            raise BadInput(f"Only the tier confirm is cross-fitted; this is {self.tier}. Choose confirm, or no folds.")
        if self.folds and not self.fold_runs:
            if self.run.backbone.start:
                raise BadInput("Backbones that come with the data differ from fold to fold; ablation_spec finds each.")
            object.__setattr__(self, "fold_runs", tuple(on_split(self.run, split) for split in fold_splits(self.folds)))
        self.run.evaluation.metric.check_rope(self.rope)

    @property
    def sources(self) -> tuple[str, ...]:
        return self.run.sources

    @property
    def light(self) -> bool:
        """Whether the arms are heads that train in one loop."""
        return self.run.light

    @property
    def every_subset(self) -> bool:
        """Whether each subset is scored, so that the Shapley values are exact."""
        count = len(self.sources)
        return count <= MOST_SOURCES and (self.light or self.tier != "confirm" or len(planned_masks(count)) == 2**count)

    @property
    def limitation(self) -> str:
        """Why the Shapley values are sampled or missing, in one sentence; empty where they are exact."""
        if self.every_subset:
            return ""
        subsets = f"{len(self.sources)} sources have {2 ** len(self.sources)} subsets"
        if self.tier != "confirm":
            return f"{subsets}; the Shapley values are sampled, with their sampling error."
        trained = "none, all, each left out and each alone are, so there are no Shapley values"
        return f"{subsets}, too many to retrain each{'' if self.light else ' with this learner'}; {trained}."

    @property
    def arms(self) -> list[SourceArm]:
        """In the order in which they are scored; those with real metadata first."""
        if self.tier != "confirm":
            return [SourceArm(mask) for mask in self.masked(self.seeds[0]).masks]
        return arms_of(len(self.sources), "all" if self.every_subset else "planned", self.controls)

    def masked(self, seed: int) -> MaskedSpec:
        return MaskedSpec(replace(self.run, seed=seed, source_dropout=SOURCE_DROPOUT if self.tier == "screen" else 0.0))

    @property
    def splits(self) -> list[str]:
        """The split of each fold; the run's own where it is not cross-fitted."""
        return [run.split for run in self.fold_runs or (self.run,)]

    def cells(self, seed: int) -> list[Spec]:
        """The runs of one seed, fold after fold: what is stored is not computed again, so that a broken ablation goes on where it
        stopped."""
        return list(cells_of(self, seed))

    @property
    def runs(self) -> list[Spec]:
        """Every run, each once, seed after seed."""
        return list(dict.fromkeys(cell for seed in self.seeds for cell in self.cells(seed)))


@lru_cache(maxsize=256)
def cells_of(spec: AblationSpec, seed: int) -> tuple[Spec, ...]:
    """As ``AblationSpec.cells``; kept, since a page asks for them several times at each rerun."""
    if spec.tier != "confirm":
        return (spec.masked(seed),)
    cells: list[Spec] = []
    for fold in spec.fold_runs or (spec.run,):
        run = replace(fold, seed=seed)
        if spec.light:
            cells.append(HeadsSpec(run, "all" if spec.every_subset else "planned", spec.controls))
        else:
            cells += [run_of(run, arm) for arm in spec.arms]
    return tuple(cells)


def ablation_run(dataset: Dataset, sources: Sequence[str] = (), **choices: Any) -> RunSpec:
    """The run whose sources are ablated: by default the data set's class sources (where it has none, all). ``choices`` as for ``run_for``."""
    chosen = tuple(sources) or tuple(s.name for s in dataset.class_sources() or dataset.sources)
    if not chosen:
        raise BadInput(f"'{dataset.name}' has no metadata source, so there is nothing to ablate.")
    return run_for(dataset, chosen, **choices)


def tolerant_run(dataset: Dataset, of_instances: Sequence[str] = ()) -> RunSpec:
    """A learner of the sources of the data set's first question (else of all that describe classes, or where none does, of all) that has
    seen each of them missing in training, so that to hide one is no surprise to it; it also reads sources ``of_instances``, on the tasks
    where these show."""
    question = next(iter(dataset.description.questions), None)
    sources = question.sources if question else tuple(source.name for source in dataset.class_sources() or dataset.sources)
    if not sources:
        raise BadInput(f"'{dataset.name}' has no metadata source, so there is nothing that could be different or missing.")
    strategy = question.strategy if question else "uniform"
    if of_instances:
        sources = tuple(dict.fromkeys((*sources, *of_instances)))
        strategy = usual_strategy(sources, dataset)
    return run_for(dataset, sources, n_way=question.n_way if question else None, strategy=strategy, source_dropout=SOURCE_DROPOUT)


def ablation_spec(
    dataset: Dataset,
    run: RunSpec,
    tier: Tier = "confirm",
    seeds: Sequence[int] | None = None,
    controls: tuple[str, ...] = ("shuffled",),
    rope: float | None = None,
    folds: int | None = None,
) -> AblationSpec:
    """The ablation of ``run``; None stands for what is usual: of ``folds``, cross-fitting to confirm where the data allow it, of ``rope`` the metric's."""
    if folds is None:
        folds = usual_folds(dataset, run) if tier == "confirm" else 0
    rope = run.evaluation.metric.rope if rope is None else rope
    own = folded(dataset, run, folds) if 2 <= folds <= MOST_FOLDS else ()
    return AblationSpec(run, tier, tuple(range(USUAL_SEEDS[tier])) if seeds is None else tuple(seeds), controls, rope, folds, own)


def leaks(spec: AblationSpec, dataset: Dataset) -> dict[str, str]:
    """A sentence on each source that identifies classes, or of instances spells or tells their class; it stays with whatever is
    computed from that source."""
    sources = [dataset.source(name) for name in spec.sources]
    found = {source.name: identifier_in(dataset.classes, source) for source in sources if source.level == "class"}
    material = Material(dataset, spec.run.split, tuple(source for source in sources if source.level == "instance"))
    for told in class_tellers(material):
        if told.severity == "block":
            found.setdefault(told.source, f"In the source '{told.source}', {told.sentence}")
    return {name: reason for name in spec.sources if (reason := found.get(name))}


def refuse_leaks(spec: AblationSpec, dataset: Dataset) -> None:
    """Raises BadInput, with the reason, for a source that identifies classes."""
    for reason in leaks(spec, dataset).values():
        raise BadInput(f"{reason[:-1]}, which is a leak; leave the source out, or allow leaks and keep the badge.")
