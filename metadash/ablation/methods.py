"""How an ablation was done, so that somebody else can judge and repeat it, and what may be claimed from it."""

import shlex
from typing import Any

from metadash.ablation.plan import FEWEST_SEEDS, SOURCE_DROPOUT, AblationSpec
from metadash.ablation.result import Ablation
from metadash.ablation.words import TIERS
from metadash.answers.sentence import seen_before
from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.learners.registry import entry_of
from metadash.specs.builder import as_options
from metadash.specs.transduction import sentence, transductive
from metadash.stats.caveats import winners_curse
from metadash.stats.words import count, plural, plural_of

PAPERS = (
    "L. S. Shapley. A value for n-person games. Contributions to the Theory of Games II, 1953.",
    "M. Grabisch, M. Roubens. An axiomatic approach to the concept of interaction among players. Int. J. Game Theory, 1999.",
    "R. Mitchell, J. Cooper, E. Frank, G. Holmes. Sampling permutations for Shapley value estimation. JMLR, 2022.",
    "E. Perez, F. Strub, H. de Vries, V. Dumoulin, A. Courville. FiLM: visual reasoning with a general conditioning layer. AAAI, 2018.",
    "S. Holm. A simple sequentially rejective multiple test procedure. Scand. J. Statistics, 1979.",
    "P. H. Westfall, S. S. Young. Resampling-based multiple testing. Wiley, 1993.",
    "J. P. Romano, M. Wolf. Exact and approximate stepdown methods for multiple hypothesis testing. J. Am. Stat. Assoc., 2005.",
    "J. K. Kruschke. Rejecting or accepting parameter values in Bayesian estimation. Adv. Methods Pract. Psychol. Sci., 2018.",
    "A. Benavoli, G. Corani, J. Demšar, M. Zaffalon. Time for a change. JMLR, 2017.",
    "J. G. MacKinnon, M. Ø. Nielsen, M. D. Webb. Fast and reliable jackknife and bootstrap methods for cluster-robust inference. J. Applied Econometrics, 2023.",
    "R. Lafargue et al. Oops, I sampled it again: reinterpreting confidence intervals in few-shot learning. TMLR, 2024.",
    "P. Hall. On the removal of skewness by transformation. J. R. Statist. Soc. B, 1992.",
    "Y. Bengio, Y. Grandvalet. No unbiased estimator of the variance of k-fold cross-validation. JMLR, 2004.",
    "B. Efron. Bootstrap methods: another look at the jackknife. Annals of Statistics, 1979.",
)


def refuse_claim(spec: AblationSpec, found: Ablation | None = None) -> None:
    """Raises BadInput where nothing may be claimed: a tier that does not retrain, or seeds that are still missing."""
    if spec.tier != "confirm":
        raise BadInput(
            f"A claim needs the tier confirm, where every arm is trained anew beside its shuffled control; this is {spec.tier}. Start confirm first."
        )
    if found is not None and found.partial:
        raise BadInput(
            f"A claim needs every seed; {len(found.seeds)} of {len(spec.seeds)} are finished. Let the rest finish first."
        )


def claims_words(found: Ablation) -> str:
    """What a claim holds for, source by source."""
    named = [f"“{card.source}”" for card in found.cards if card.claim]
    if not named:
        return "Nothing here may be quoted as a claim: no source has a verdict that is certain and no badge that forbids it."
    return f"What is said of {', '.join(named)} may be quoted as a claim; what is said of other sources may not."


def said(spec: AblationSpec) -> dict[str, Any]:
    """The choices of ``metadash.ablate``, and of its verb, that give it."""
    run, tests = spec.run, spec.run.evaluation
    found = {
        "tier": spec.tier,
        **({"folds": spec.folds} if spec.folds else {"split": run.split}),
        "sources": list(spec.sources),
        "fusion": run.fusion,
        "seeds": len(spec.seeds),
        "learner": run.learner,
        "mode": run.mode,
        "where": tests.where,
        "controls": list(spec.controls) if spec.tier == "confirm" else None,
        "rope": spec.rope,
        "n_way": tests.n_way,
        "strategy": tests.strategy,
        "column": tests.column,
        "shots": list(tests.shots),
        "n_episodes": tests.n_episodes,
        "steps": run.steps,
        "n_query": tests.n_query,
        "query_dirichlet": tests.query_dirichlet,
        **run.backbone.choices,
        "normalise": None if run.normalise == "usual" else run.normalise,
        "text_encoder": None if run.text_encoder == "words" else run.text_encoder,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def command(spec: AblationSpec, verb: str = "ablate") -> str:
    """The line that repeats it."""
    parts = ["python", "-m", "metadash", verb, "--dataset", spec.run.dataset]
    for name, value in said(spec).items():
        if name == "sources":
            parts += ["--sources", *value]
        elif isinstance(value, list):
            parts += as_options({name: ",".join(map(str, value))})
        else:
            parts += as_options({name: f"{value:g}" if isinstance(value, float) else value})
    return shlex.join(parts)


def methods(found: Ablation, dataset: Dataset) -> list[tuple[str, str]]:
    """The methods paragraph in its parts: each a heading and a text."""
    spec, tests, about = found.spec, found.spec.run.evaluation, dataset.description
    nouns, new = plural(about.class_noun), plural(found.unit_noun)
    groups = f" in {plural_of(found.n_groups, about.group_noun)}" if found.n_groups else ""
    entry = entry_of(spec.run.learner)
    return [
        (
            "Data",
            f"{about.title} ({dataset.name}, fingerprint {dataset.fingerprint}), {split_words(spec)}: meta-train, validation and test share no "
            f"{about.class_noun}. Scores are on {plural_of(found.n_classes, about.class_noun)}{groups}, which no part of the learner has seen.",
        ),
        *cross_fitting(found, about.class_noun),
        (
            "Episodes",
            f"{tests.n_way}-way tasks drawn {tests.strategy}{f' by {tests.column}' if tests.column else ''}, at {', '.join(map(str, tests.shots))} labelled "
            f"examples per class with {tests.queries_words}; {count(len(found.values.manifest))} test episodes, the same for every arm and seed "
            f"(manifest {found.values.manifest.hash}).",
        ),
        (
            "Learner",
            f"{entry.title} ({entry.paper}), {spec.run.mode} mode, over {spec.run.backbone.title}. {sentence(spec.run)}{' ' if transductive(spec.run) else ''}"
            f"{enter_words(found)}{f' {seen_before(spec.run)}' if seen_before(spec.run) else ''} Training is stopped on validation {nouns}; nothing is selected on test {nouns}.",
        ),
        ("Tier", f"{TIERS[found.tier]} {tier_words(spec)} Seeds: {', '.join(map(str, found.seeds))}."),
        (
            "Effects",
            "Left out: all sources less all but one. Share: the Shapley value (Shapley 1953), the source's mean marginal gain over all orders, which sums to "
            "all − none. Alone: one source less none. Interaction: Grabisch & Roubens (1999), positive where two sources complement each other. "
            + (spec.limitation or "All subsets were scored, so the shares are exact."),
        ),
        (
            "Intervals",
            f"All are 95 %, of differences paired on episodes and seeds. These {new}: Student's t over episodes (Lafargue et al. 2024). New {new}: "
            + ("delete-one-group jackknife (MacKinnon et al. 2023)" if found.n_groups else "delete-one-class jackknife")
            + f". Training again: matched seeds. Each bound for new {new} and over seeds is the outer one of Student's t and of Hall's (1992), which "
            "looks at skewness. Worth in shots: for these, percentile bootstrap over episodes (Efron 1979); for new, curves drawn from the jackknife's covariance.",
        ),
        (
            "Sets",
            f"A set of sources suffices where all less the set is shown to be under {spec.rope:g} {found.metric.gain} on new {new}, and beats all where it is shown to "
            f"be under −{spec.rope:g}; two say the same where neither adds beside the other and both do alone. Bounds are simultaneous over all sets (over "
            "all pairs), from the largest studentised error under the correlations that the units show (Westfall & Young 1993; Romano & Wolf 2005).",
        ),
        (
            "Decisions",
            f"Read off the interval for new {new} at the fewest shots, against a region of no practical difference of ± {spec.rope:g} {found.metric.gain} (Kruschke 2018; "
            "Benavoli et al. 2017), by the chance that the effect lies where its estimate claims: 97.5 % for a verdict, 90 % for *very likely*, 75 % for *probably*. "
            "Chances are after Holm's correction (1979) over all sources tested together, help or harm one family and no difference another; of fewer than "
            "8 groups no more than *very likely* is said, of fewer than 6 no more than *probably*"
            + ("; help must be as surely more than that of the source's own shuffled rows." if found.tier == "confirm" else ".")
            + f" {winners_curse(len(found.cards), 'share')}".rstrip(),
        ),
    ]


def split_words(spec: AblationSpec) -> str:
    return f"cross-fitted in {spec.folds} folds" if spec.folds else f"split {spec.run.split}"


def cross_fitting(found: Ablation, class_noun: str) -> list[tuple[str, str]]:
    if not found.by_fold:
        return []
    whole = f" with the whole {found.group_noun} it belongs to" if found.n_groups else ""
    return [
        (
            "Cross-fitting",
            f"Every {class_noun} is a test {class_noun} in exactly one of {found.spec.folds} folds,{whole}; each fold has a backbone and heads of its own, "
            "trained without its test classes, and its own test episodes. The episodes of all folds are pooled, and what would be new is counted once. "
            "The folds share training classes, and an interval takes their learners as given; there is no unbiased estimate of what that leaves out "
            "(Bengio & Grandvalet 2004), so the folds are also told apart.",
        )
    ]


def enter_words(found: Ablation) -> str:
    """How the metadata enter, and of which sources a query comes without."""
    run = found.spec.run
    instances = [card.source for card in found.cards if card.level == "instance"]
    classes = [card.source for card in found.cards if card.level == "class"]
    film = "FiLM, which scales and shifts embeddings (Perez et al. 2018)"
    if run.fusion == BOTH:
        return (
            f"What describes classes ({', '.join(classes)}) places their prototypes by pseudo-shots; what describes instances ({', '.join(instances)}) "
            f"enters by {film}. Arms with sources of one kind have that fusion alone."
        )
    if run.fusion == "film":
        return f"Metadata enter by {film}" + (": each instance by its own." if instances else ".")
    return f"Metadata enter by {run.fusion}."


def tier_words(spec: AblationSpec) -> str:
    if spec.tier == "confirm":
        return f"{len(spec.arms)} arms a seed, at least {FEWEST_SEEDS['confirm']} matched seeds; controls: {', '.join(spec.controls) or 'none'}."
    trained = (
        f"trained with each source hidden with probability {SOURCE_DROPOUT:g}" if spec.tier == "screen" else "trained as usual"
    )
    return f"One model a seed, {trained}; {len(spec.arms)} subsets were scored by hiding the other sources at evaluation."
