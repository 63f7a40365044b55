"""Whether the quick tier says what the thorough one does: Shapley values on glyphs by *screen* beside those by *confirm*."""

from pathlib import Path

from benchmarks.calibrating.findings import Check, Found
from benchmarks.calibrating.laboratory import open_laboratory
from benchmarks.record import Table
from metadash.ablation.plan import AblationSpec
from metadash.ablation.result import CLOSE, Ablation, ablation, with_agreement
from metadash.errors import BadInput
from metadash.runs.progress import silent
from metadash.runs.queue.batch import train_all
from metadash.stats.paired import Difference

SIZE = 1.0
"""Points of φ above which the signs have to agree."""


def tiers(quick: bool, folder: Path, workers: int) -> Found:
    lab = open_laboratory(folder, quick)
    found = {}
    for tier, seeds in (("confirm", 5), ("screen", 3)):
        spec = AblationSpec(lab.run, tier, tuple(range(seeds)))
        train_all(spec.runs, lab.workspace, workers, silent)
        answer = ablation(spec, lab.data, lab.store)
        if answer is None:
            raise BadInput("The runs of the ablation were not stored.")
        found[tier] = answer
    return compared(found["confirm"], found["screen"])


def compared(confirm: Ablation, screen: Ablation) -> Found:
    flagged = with_agreement(confirm, screen)
    rows, large, same = [], 0, 0
    for card in flagged.cards:
        beside = screen.card(card.source)
        for k in range(len(confirm.values.shots)):
            here, there = card.phi[k].episodes.estimate, beside.phi[k].episodes.estimate
            if max(abs(here), abs(there)) > SIZE:
                large, same = large + 1, same + (here * there > 0)
        shots = [f"{spread(card.phi[k])} / {spread(beside.phi[k])}" for k in range(len(confirm.values.shots))]
        rows.append([card.source, *shots, "more than a point apart or of other sign" if card.disagreement else ""])
    caption = f"Shapley φ in points by confirm ({len(confirm.seeds)} seeds) / screen ({len(screen.seeds)} seeds), split {confirm.spec.run.split}, [new letters]"
    columns = (
        "source",
        *(f"{shot} shot{'s' * (shot > 1)}" for shot in confirm.values.shots),
        f"flag at 1 shot (beyond {CLOSE:g} point)",
    )
    check = Check(
        f"signs of φ alike in screen and confirm, where either is beyond {SIZE:g} point",
        same,
        f"of {large}",
        large,
        least=large,
        note="sources × numbers of shots",
    )
    return Found([check], [Table(caption, columns, rows)])


def spread(found: Difference) -> str:
    new = found.new_classes
    bounds = f" [{new.low:+.1f}, {new.high:+.1f}]" if new.low is not None else ""
    return f"{new.estimate:+.1f}{bounds}".replace("-", "−")
