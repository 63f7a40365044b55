"""What others found on Omniglot: the papers, and people who trained the same learner again."""

from dataclasses import dataclass

from metadash.learners.registry import entry_of

Setting = tuple[int, int]


@dataclass(frozen=True)
class Source:
    """``found``: accuracy in % by (ways, shots), as printed there. ``caveat``: what a reader should know before comparing."""

    learner: str
    title: str
    found: dict[Setting, str]
    paper: bool = False
    caveat: str = ""


def four(a: str = "", b: str = "", c: str = "", d: str = "") -> dict[Setting, str]:
    """5-way 1 and 5 shots, 20-way 1 and 5 shots."""
    return {key: value for key, value in zip(((5, 1), (5, 5), (20, 1), (20, 5)), (a, b, c, d), strict=True) if value}


SOURCES = (
    Source("prototypical", "Snell, Swersky & Zemel 2017", four("98.8", "99.7", "96.0", "98.9"), paper=True, caveat="final model trained on train and validation classes"),
    Source("prototypical", "jakesnell/prototypical-networks#2", four("98.4", "99.6", "94.9", "98.6"), caveat="the author's code, run by three people"),
    Source("prototypical", "orobix/Prototypical-Networks-for-Few-shot-Learning-PyTorch", four("98.5", "99.6", "95.1", "98.6")),
    Source("prototypical", "oscarknagg/few-shot", four("98.2", "99.4", "95.8", "98.6"), caveat="another split"),
    Source("prototypical", "PaddlePaddle/PaddleFSL", four("98.27 ± 0.13", "99.37")),
    Source("maml", "Finn, Abbeel & Levine 2017", four("98.7 ± 0.4", "99.9 ± 0.1", "95.8 ± 0.3", "98.9 ± 0.2"), paper=True, caveat="another split; as many test queries as shots"),
    Source("maml", "Raghu et al. 2020", four(c="93.7 ± 0.7", d="96.4 ± 0.1")),
    Source("maml", "oscarknagg/few-shot", four("98.1", "99.8", "91.6", "95.9"), caveat="another split"),
    Source("maml", "learnables/learn2learn", four("99.1"), caveat="its test tasks hold training classes"),
    Source("fomaml", "Nichol, Achiam & Schulman 2018", four("98.3", "99.2", "89.4", "97.9"), paper=True, caveat="another split"),
    Source("fomaml", "oscarknagg/few-shot", four("95.5", "99.5", "92.2", "97.7"), caveat="another split"),
    Source("fomaml", "PaddlePaddle/PaddleFSL", four("97.13 ± 1.25", "99.23")),
    Source("anil", "Raghu et al. 2020", four(c="96.2 ± 0.5", d="98.0 ± 0.3"), paper=True),
    Source("anil", "PaddlePaddle/PaddleFSL", four("96.06 ± 1.00", "98.74 ± 0.48")),
    Source("reptile", "Nichol, Achiam & Schulman 2018", four("97.68", "99.48", "89.43", "97.12"), paper=True, caveat="transductive figures; another split"),
    Source("matching", "Vinyals et al. 2016", four("98.1", "98.9", "93.8", "98.5"), paper=True, caveat="as quoted by Finn, Abbeel & Levine 2017; cosine"),
    Source("matching", "oscarknagg/few-shot, cosine", four("92.0", "93.2", "75.6", "77.8"), caveat="another split"),
    Source("matching", "oscarknagg/few-shot, Euclidean", four("98.3", "99.8", "92.8", "97.8"), caveat="another split"),
    Source("relation", "Sung et al. 2018", four("99.6 ± 0.2", "99.8 ± 0.1", "97.6 ± 0.2", "99.1 ± 0.1"), paper=True, caveat="disputed (floodsung/LearningToCompare_FSL#48): the authors' script keeps the weights that test best, and normalises by the test batch"),
    Source("relation", "PaddlePaddle/PaddleFSL", four("98.02 ± 0.09", "99.25 ± 0.05")),
)  # fmt: skip

GOAL: dict[Setting, float] = {(5, 1): 98.4, (5, 5): 99.5, (20, 1): 95.0, (20, 5): 98.6}
"""What independent runs of Prototypical Networks agree on, to 0.3 points or so: what an honest run should come near."""
NEAR = 0.7
"""Points."""


def paper_of(learner: str, setting: Setting) -> str:
    return next(
        (source.found[setting] for source in SOURCES if source.paper and source.learner == learner and setting in source.found),
        "",
    )


def again_of(learner: str, setting: Setting) -> str:
    """Every reproduction, each with the letter of its source."""
    found = [
        f"{source.found[setting]} ({letter(source)})"
        for source in SOURCES
        if not source.paper and source.learner == learner and setting in source.found
    ]
    return ", ".join(found)


def letter(source: Source) -> str:
    """Of a reproduction, by its title: one repository has one letter."""
    titles = list(dict.fromkeys(s.title for s in SOURCES if not s.paper))
    return "abcdefghijkl"[titles.index(source.title)]


def length_of(learner: str, n_way: int) -> tuple[int, int] | None:
    """Training steps, and tasks a step, as published for training episodes of so many ways; None where that was not found.

    Snell, Swersky & Zemel stop by patience, so the length is that of the reproduction by orobix; of the Relation Network and R2D2 it is the
    default of the authors' scripts.
    """
    recipe = entry_of(learner).paper_recipe
    return None if recipe is None else recipe.length(n_way)
