"""What stands beside an ablation's own numbers: what the audit found, how wrong each source may get, what the other tier says."""

from dataclasses import replace

from metadash.ablation.cards import Badge, SourceCard
from metadash.ablation.plan import SOURCE_DROPOUT, USUAL_SEEDS, AblationSpec, Tier
from metadash.ablation.result import Ablation, ablation, with_agreement
from metadash.answers.doses import DoseCurve, dose_curves
from metadash.data.dataset import Dataset
from metadash.metadata.audit.audit import Audit, audit
from metadash.runs.store import RunStore
from metadash.specs.what_if import DoseSpec
from metadash.stats.shots import fewest_shots

OTHER: dict[Tier, Tier] = {"screen": "confirm", "confirm": "screen"}
DOSES = {"class": ("missing", "swap", "nearest"), "instance": ("missing", "swap", "noise")}
"""By what a source describes: the most similar instance's metadata are often the same."""


def complete(found: Ablation, dataset: Dataset, store: RunStore, looked: Audit | None = None) -> Ablation:
    """With everything that is stored beside it. ``looked`` is the audit of its sources, if at hand."""
    looked = looked or audit(dataset, found.spec.run.split, found.spec.sources)
    return with_other_tier(with_doses(with_findings(found, looked), dataset, store), dataset, store)


def with_findings(found: Ablation, looked: Audit) -> Ablation:
    """A badge for each finding about a source. A source with a leak has its reason already, and is told it once."""
    cards = []
    for card in found.cards:
        leaks = any(badge.kind == "leak" for badge in card.badges)
        added = tuple(
            Badge(finding.code, f"{finding.sentence} {finding.advice}", finding.severity)
            for finding in looked.findings
            if finding.source == card.source and not (leaks and finding.severity == "block")
        )
        blocked = any(badge.severity == "block" for badge in added)
        cards.append(replace(card, badges=(*card.badges, *added), claim=card.claim and not blocked))
    return replace(found, cards=tuple(cards))


def dose_specs(spec: AblationSpec, dataset: Dataset) -> dict[str, DoseSpec]:
    """By source: how wrong it may get, and how often missing, for one learner that was trained to do without any source.

    Raises BadInput for a learner that reads no metadata at test.
    """
    run = replace(spec.run, seed=spec.seeds[0], source_dropout=SOURCE_DROPOUT)
    return {source: DoseSpec(run, (source,), DOSES[dataset.source(source).level]) for source in spec.sources}


def with_doses(found: Ablation, dataset: Dataset, store: RunStore) -> Ablation:
    """Break-even and missingness, at the fewest shots, on the cards of the sources for which they are stored."""
    if not found.spec.run.reads_at_test:
        return found
    specs = dose_specs(found.spec, dataset)
    return replace(found, cards=tuple(with_dose(card, specs[card.source], dataset, store, found) for card in found.cards))


def with_dose(card: SourceCard, spec: DoseSpec, dataset: Dataset, store: RunStore, found: Ablation) -> SourceCard:
    run = store.find(spec, dataset)
    if run is None:
        return card
    curves: dict[str, DoseCurve] = dose_curves([run], store, fewest_shots(found.values.shots))
    wrong = tuple(curve.break_even for kind, curve in curves.items() if kind != "missing")
    return replace(card, break_even=wrong, missingness=curves["missing"])


def with_other_tier(found: Ablation, dataset: Dataset, store: RunStore) -> Ablation:
    """With a flag on each card where the other of screen and confirm, if it is stored with its usual seeds, says otherwise."""
    if found.tier not in OTHER or found.spec.folds:  # cross-fitting tests other classes: what differs need not be the tier
        return found
    other = OTHER[found.tier]
    beside = ablation(replace(found.spec, tier=other, seeds=tuple(range(USUAL_SEEDS[other]))), dataset, store, look=False)
    return with_agreement(found, beside) if beside is not None else found
