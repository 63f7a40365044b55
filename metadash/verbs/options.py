"""Options that several verbs have, and how their values are read."""

import argparse
from typing import Any, TypeAlias, get_args

from metadash import settings
from metadash.learners.core.fusions import BOTH
from metadash.learners.core.recipe import RECIPES
from metadash.learners.registry import USUAL
from metadash.networks.encoders.of_metadata import TextEncoder
from metadash.networks.encoders.registry import ENCODERS, Entry
from metadash.networks.registry import BACKBONES
from metadash.specs.normalising import NORMALISATIONS
from metadash.specs.run import USUAL_BATCH, BackboneSpec, Evaluation, RunSpec, TrainedOn
from metadash.specs.training import AS_TESTS, Schedule, Start
from metadash.stats.verdict import ROPE
from metadash.verbs.parser import Parser

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""Where a verb adds itself."""


def common_options(**default: Any) -> argparse.ArgumentParser:
    common = Parser(add_help=False)
    common.add_argument(
        "--workspace",
        metavar="DIR",
        help=f"the folder for data, runs and jobs (default: ${settings.WORKSPACE.name} or ./workspace)",
        **default,
    )
    common.add_argument("--json", action="store_true", help="print one JSON document", **default)
    return common


def names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in names(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' holds what is no whole number; write such as 1,5") from error


def add_dataset(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--dataset", default="glyphs", help="name of the data set (default glyphs)")


def add_tasks(verb: argparse.ArgumentParser) -> None:
    """What is not said is what the question, the sources or the data set ask for."""
    verb.add_argument("--n-way", type=int, help=f"classes of a task (default {Evaluation.n_way}, or the question's)")
    verb.add_argument(
        "--strategy",
        choices=["uniform", "siblings", "disjoint"],
        help="how tasks are drawn (default: disjoint where a source describes instances, else siblings where the data set has some)",
    )
    verb.add_argument("--column", help="what siblings share, or support and query do not (default: the data set's own)")
    verb.add_argument(
        "--query-dirichlet",
        type=float,
        metavar="ALPHA",
        help="deal the queries of a test task to its classes unevenly, by a Dirichlet of this concentration: 2 as Veilleux et al. 2021, "
        "smaller is more uneven (default: as many of each class)",
    )


def add_folds(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--split", help="one split instead of cross-fitting; `datasets` lists them")
    verb.add_argument(
        "--folds",
        type=int,
        help="cross-fit in so many folds, so that each class is a test class once; a backbone a fold (default: 5 for light heads where the "
        "data have groups enough; 0: the data set's own split as it is)",
    )


def add_budget(verb: argparse.ArgumentParser, shots: bool = True) -> None:
    """Without ``shots`` where the number of examples makes no difference."""
    known: dict[str, Entry] = {**BACKBONES, **ENCODERS}
    widths = ", ".join(f"{entry.width} for {name}" for name, entry in known.items() if entry.width)
    verb.add_argument(
        "--backbone",
        choices=list(known),
        help="what embeds the inputs: a network, or an encoder that is not trained here (default: conv4, mlp for vectors, tfidf for texts, tfidf-span for mentions; of photographs "
        "efficientnet-lite0, of texts minilm and of mentions minilm-span, where they are installed and the mode is quick)",
    )
    verb.add_argument(
        "--width", type=int, help=f"how wide the backbone is, or how many features an encoder keeps (default {widths})"
    )
    verb.add_argument(
        "--backbone-training",
        choices=get_args(TrainedOn),
        help="what the backbone learns from: episodes, or all training classes at once, by cross-entropy (default episodes)",
    )
    verb.add_argument(
        "--backbone-episodes",
        type=int,
        help=f"training episodes of the backbone, or batches as large, at most (default {BackboneSpec.episodes})",
    )
    verb.add_argument(
        "--own-backbone",
        action="store_true",
        default=None,
        help="train the backbone here, though one comes with the data set",
    )
    verb.add_argument(
        "--normalise",
        choices=list(NORMALISATIONS),
        help="what is done to frozen embeddings before the heads, by meta-train (default: centred-l2 of efficientnet-lite0 and minilm, centred for learners "
        "that take inner steps, else none; mode quick)",
    )
    verb.add_argument(
        "--text-encoder",
        choices=get_args(TextEncoder),
        help="how texts and names among the metadata are read: words one by one (default), tfidf of the training rows, or minilm",
    )
    verb.add_argument("--steps", type=int, help=f"training steps, at most (default {RunSpec.steps})")
    verb.add_argument("--n-episodes", type=int, help=f"test episodes, of each fold (default {Evaluation.n_episodes})")
    if shots:
        verb.add_argument(
            "--shots",
            type=numbers,
            help=f"labelled examples per class, separated by commas (default {','.join(map(str, Evaluation.shots))}); 0: none, so that the "
            "metadata alone say what a class is",
        )
    verb.add_argument("--n-query", type=int, help=f"queries per class (default {Evaluation.n_query})")


def add_training(verb: argparse.ArgumentParser) -> None:
    """How a learner is trained, where that is not as usual; what is said goes before what the recipe sets."""
    verb.add_argument(
        "--recipe",
        choices=RECIPES,
        help="all that the learner's paper sets of its training; `learners` says of each what that is",
    )
    verb.add_argument(
        "--meta-batch",
        type=int,
        help="training tasks a step, their losses averaged (default {quick} in quick mode, {full} in full)".format(**USUAL_BATCH),
    )
    verb.add_argument("--learning-rate", type=float, help="of the first step (default: the learner's, `learners` lists them)")
    verb.add_argument("--weight-decay", type=float, help=f"of all that starts at random (default {RunSpec.weight_decay:g})")
    verb.add_argument(
        "--patience",
        type=patience,
        help=f"looks at validation classes without a rise after which training ends (default {RunSpec.patience}), or `none` for never early",
    )
    verb.add_argument("--train-ways", type=int, help="classes of a training task (default: as many as of a test)")
    verb.add_argument(
        "--train-shots", type=numbers, help="shots of training tasks, one drawn a step (default: those of the tests)"
    )
    verb.add_argument("--train-queries", type=int, help="queries per class of a training task (default: as many as of a test)")
    verb.add_argument(
        "--train-strategy", choices=[AS_TESTS, "uniform"], help="any training classes together, however tests are drawn"
    )
    verb.add_argument(
        "--start", choices=get_args(Start), help="of a network in full mode: trained (the default), or random weights"
    )
    verb.add_argument("--schedule", choices=get_args(Schedule), help="how the rate falls over the steps (default constant)")
    verb.add_argument("--keep", choices=["best", "last"], help="which weights: best on validation classes (the default), or last")


def patience(text: str) -> int:
    return 0 if text == "none" else int(text)


def add_ablation(verb: argparse.ArgumentParser) -> None:
    add_dataset(verb)
    verb.add_argument(
        "--tier",
        choices=["reliance", "screen", "confirm"],
        default="confirm",
        help="hide sources from one trained model, from one trained to do without them, or train every arm anew (default confirm)",
    )
    verb.add_argument(
        "--sources",
        nargs="+",
        type=names,
        default=[],
        help="the sources in question, of classes and of instances (default: all that describe classes)",
    )
    verb.add_argument(
        "--fusion",
        choices=["pseudo-shots", "am3", "film", BOTH],
        help=f"how they enter (default: pseudo-shots for what describes classes, film for instances, {BOTH} for both)",
    )
    verb.add_argument("--seeds", type=int, help="training seeds (default: 5 to confirm, else 3)")
    add_folds(verb)
    verb.add_argument(
        "--doses",
        action=argparse.BooleanOptionalAction,
        help="also measure how wrong, and how often missing, each source may be (default: for light heads)",
    )
    verb.add_argument("--learner", default=USUAL, help="confirming another than prototypes trains arm by arm")
    verb.add_argument("--mode", choices=["quick", "full"], default="quick")
    verb.add_argument(
        "--controls", type=names, help="how metadata is falsified to confirm, separated by commas (default shuffled)"
    )
    verb.add_argument("--rope", type=float, help=f"half-width of no practical difference, in points (default {ROPE:g})")
    verb.add_argument("--allow-leak", action="store_true", help="ablate sources that identify classes too; their badge stays")
    verb.add_argument("--where", help="SQL condition on the test classes")
    add_tasks(verb)
    add_budget(verb)


def add_learner(verb: argparse.ArgumentParser, also: str = "") -> None:
    """``--run``: which trained learner is put to work; ``also``: what else may stand for it."""
    verb.add_argument(
        "--run",
        dest="asked",
        required=True,
        metavar="DIGEST",
        help=f"a finished learner's run, as `compare` lists them{also}, or best: the cheapest that no other is shown to beat",
    )
