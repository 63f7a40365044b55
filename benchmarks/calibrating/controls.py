"""False *helps*: heads trained on glyphs over metadata that say nothing, judged as a card judges a source; and planted truth."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.calibrating.findings import Found, share
from benchmarks.calibrating.laboratory import Laboratory, open_laboratory
from benchmarks.calibrating.permuted import falsified, trained_heads, values_of
from benchmarks.calibrating.sharing import side_by_side
from benchmarks.record import Table
from metadash.ablation.cards import SourceCard, cards_of, effects_of
from metadash.ablation.values import Values
from metadash.metadata.encoded import EncodedSource
from metadash.stats.verdict import ROPE, Verdict
from metadash.training.trainer import encode_sources

TOGETHER = 25
"""Heads of a stack, trained on the same tasks and scored on the same test episodes; every stack has its own of both."""

PLANTED_DIMS = 16
NOISES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
COPIES = 8
WORDS = {
    Verdict.HELPS: "helps",
    Verdict.HURTS: "hurts",
    Verdict.EQUIVALENT: "no practical difference",
    Verdict.UNDETERMINED: "cannot tell",
}


@dataclass
class Tally:
    """Verdicts by tier, the gains over none, how many of their intervals for new letters lie wholly above zero, and how many are said to be
    no gain: none above the practical threshold, whether they are a loss or not."""

    by_tier: dict[str, Counter] = field(default_factory=lambda: {"screen": Counter(), "confirm": Counter()})
    gains: list[float] = field(default_factory=list)
    above: int = 0
    no_gain: int = 0

    def add(self, values: Values) -> None:
        for tier, counts in self.by_tier.items():
            card = card_of(values, tier)
            counts[card.verdict if card.decision.certain else Verdict.UNDETERMINED] += 1
        new = card.delta[0].new_classes
        self.gains.append(new.estimate)
        self.above += new.low is not None and new.low > 0
        self.no_gain += new.high is not None and new.high <= ROPE

    def join(self, other: "Tally") -> None:
        for tier, counts in other.by_tier.items():
            self.by_tier[tier].update(counts)
        self.gains += other.gains
        self.above += other.above
        self.no_gain += other.no_gain

    @property
    def n(self) -> int:
        return len(self.gains)


def card_of(values: Values, tier: str) -> SourceCard:
    """The card of the one source; a screen's rests on the difference to none, a confirmed one also on its shuffled control."""
    return cards_of(values, ("source",), tier, effects_of(values, 1, None), (1.0,), ((),), complete=True)[0]


def pairs(n: int, seeds: int) -> list[tuple[list[int], list[int]]]:
    """Heads 1..n in repetitions of ``seeds`` matched seeds, each beside the heads of the next repetition as its shuffled control."""
    heads = np.arange(1, n + 1).reshape(-1, seeds)
    return [(real.tolist(), wrong.tolist()) for real, wrong in zip(heads, np.roll(heads, -1, axis=0), strict=True)]


COLUMNS = (*WORDS.values(), "interval above 0", "repetitions", "gain over none, points: mean (spread)")


def false_helps(kind: str, quick: bool, folder: Path, workers: int) -> Found:
    """Metadata of ``kind`` *shuffled* or *noise*: whatever helps there helps by chance, or by something else than what it says."""
    open_laboratory(folder, quick)
    found, rows = Found(), []
    repetitions, together = (10, 5) if quick else (200, TOGETHER)
    for seeds, tally in count_helps(kind, quick, folder, repetitions, together, workers).items():
        name = f"{kind}, {seeds} seed{'s' * (seeds > 1)}"
        found.checks.append(
            share(f'"no gain" said of it on glyphs: {name}', tally.no_gain, tally.n, least=95.0 if seeds > 1 else None)
        )
        for tier, counts in tally.by_tier.items():
            against = "against none (screen)" if tier == "screen" else "card of confirm"
            name = f"{kind}, {seeds} seed{'s' * (seeds > 1)}, {against}"
            rows.append(row_of(name, counts, tally))
            most = 5.0 if seeds == 1 else None
            found.checks.append(share(f'false "helps" on glyphs: {name}', counts[Verdict.HELPS], tally.n, most=most))
    found.tables.append(
        Table("Verdicts on metadata that say nothing, trained heads on glyphs, in %", ("metadata", *COLUMNS), rows)
    )
    return found


def row_of(name: str, counts: Counter, tally: Tally) -> list[str]:
    gain = f"{np.mean(tally.gains):+.2f} ({np.std(tally.gains):.2f})".replace("-", "−")
    shares = [100 * hits / tally.n for hits in (*(counts[verdict] for verdict in WORDS), tally.above)]
    return [name, *(f"{value:.1f}" for value in shares), str(tally.n), gain]


def count_helps(kind: str, quick: bool, folder: Path, repetitions: int, together: int, workers: int) -> dict[int, Tally]:
    """By the number of seeds of a repetition: single heads, and the same heads five repetitions a stack."""
    whole: dict[int, Tally] = {}
    stacks = [(kind, quick, folder, stack, together) for stack in range(repetitions // together)]
    for found in side_by_side(count_stack, stacks, workers):
        for seeds, tally in found.items():
            whole.setdefault(seeds, Tally()).join(tally)
        print(f"{kind} {whole[1].n}: {dict(whole[1].by_tier['screen'])}, above 0: {whole[1].above}", flush=True)
    return whole


def count_stack(kind: str, quick: bool, folder: Path, stack: int, together: int) -> dict[int, Tally]:
    """One stack of heads, each over one of the six sources with its rows falsified anew."""
    lab = open_laboratory(folder, quick)
    real, roles = encode_sources(lab.run, lab.data), list(lab.data.split(lab.run.split).values())
    generator = np.random.default_rng([stack, 3])
    sources = [falsified(real[(stack + i) % len(real)], kind, roles, generator) for i in range(together)]
    correct, manifest, _ = trained_heads(lab, stack, sources)
    tallies = {seeds: Tally() for seeds in (1, max(together // 5, 2))}
    for seeds, tally in tallies.items():
        for chosen, wrong in pairs(together - together % seeds, seeds):
            tally.add(values_of(correct, manifest, chosen, wrong))
    return tallies


def planted(quick: bool, folder: Path, workers: int) -> Found:
    """Sources that carry where a class truly lies, under more and more noise: the positive control of the same machinery."""
    lab = open_laboratory(folder, quick)
    truth, roles = centroids(lab), list(lab.data.split(lab.run.split).values())
    copies = 2 if quick else COPIES
    generator = np.random.default_rng(4)
    sources = [noisy(truth, noise, generator) for noise in NOISES for _ in range(copies)]
    wrong = [falsified(source, "shuffled", roles, generator) for source in sources[::copies]]
    correct, manifest, _ = trained_heads(lab, 99, [*sources, *wrong])
    rows = []
    for level, noise in enumerate(NOISES):
        tally = Tally()
        for copy in range(copies):
            tally.add(values_of(correct, manifest, [1 + level * copies + copy], [1 + len(sources) + level]))
        rows.append(row_of(f"noise {noise:g} times its spread", tally.by_tier["confirm"], tally))
    caption = "Verdicts (card of confirm, one seed) on a planted source that says where a class lies, in %"
    return Found(tables=[Table(caption, ("planted source", *COLUMNS), rows)])


def centroids(lab: Laboratory) -> EncodedSource:
    """The leading directions of the classes' mean embeddings, each with spread 1 over the meta-train classes."""
    stored, of = np.array(lab.backbone.array("embeddings")), lab.data.class_of
    n = len(lab.data.classes)
    means = np.zeros((n, stored.shape[1]))
    np.add.at(means, of, stored)
    means /= np.bincount(of, minlength=n)[:, None]
    train = lab.data.split(lab.run.split)["train"]
    centred = means - means[train].mean(axis=0)
    leading = centred @ np.linalg.svd(centred[train], full_matrices=False)[2][:PLANTED_DIMS].T
    vectors = (leading / leading[train].std(axis=0)).astype(np.float32)
    return EncodedSource("planted", vectors, np.ones(n, bool), tuple(f"direction {d}" for d in range(PLANTED_DIMS)))


def noisy(source: EncodedSource, noise: float, generator: np.random.Generator) -> EncodedSource:
    added = noise * generator.standard_normal(source.vectors.shape)
    return replace(source, vectors=((source.vectors + added) / np.sqrt(1 + noise**2)).astype(np.float32))
