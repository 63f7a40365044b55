"""The same verbs without a browser: ``python -m metadash answer | ablate | report | whatif | datasets | audit | episodes | train | learners | compare | doctor``.

Exit codes: 0 done, 1 a defect (or ``doctor`` found one), 2 bad input (or ``audit`` found
what must be mended before training), 130 interrupted. With ``--json`` the standard output is one
JSON document and nothing else; progress goes to the standard error.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from metadash import settings
from metadash.answers.answer import USUAL_SEEDS
from metadash.errors import BadInput
from metadash.learners.core.fusions import BOTH
from metadash.learners.registry import USUAL
from metadash.metadata.controls import CONTROLS
from metadash.networks.registry import BACKBONES
from metadash.specs.run import AUXILIARY_WEIGHT
from metadash.stats.verdict import ROPE
from metadash.verbs import ablate, commands, report, whatif
from metadash.verbs import audit as audit_verb
from metadash.verbs import doctor as doctor_verb
from metadash.workspace import Workspace

DONE, DEFECT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        result = options.run(options, Workspace(options.workspace))
    except BadInput as problem:
        print(
            json.dumps({"error": str(problem)}, ensure_ascii=False) if options.json else f"metadash: {problem}", file=sys.stderr
        )
        return BAD_INPUT
    except KeyboardInterrupt:
        print("metadash: interrupted; nothing half-done was kept.", file=sys.stderr)
        return INTERRUPTED
    try:
        print(json.dumps(result.values, ensure_ascii=False, indent=1) if options.json else result.text, flush=True)
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BAD_INPUT if result.blocked else DONE if result.healthy else DEFECT


def parser() -> argparse.ArgumentParser:
    common = common_options()
    top = argparse.ArgumentParser(
        prog="python -m metadash",
        description="Which metadata helps a few-shot learner with new classes, by how much, and how sure are you?",
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    answer = verbs.add_parser("answer", parents=[common], help="train what a question needs, and print the answer")
    add_dataset(answer)
    answer.add_argument("--question", help="one of the data set's questions (default: its first); `datasets` lists them")
    answer.add_argument("--sources", type=words, help="ask about these sources instead, separated by commas")
    add_tasks(answer)
    answer.add_argument("--where", help="SQL condition on the test classes")
    answer.add_argument("--seeds", type=int, default=len(USUAL_SEEDS), help=f"training seeds (default {len(USUAL_SEEDS)})")
    add_folds(answer)
    answer.add_argument("--mode", choices=["quick", "full"], default="quick")
    add_budget(answer)
    answer.set_defaults(run=commands.answer)

    ablate_verb = verbs.add_parser("ablate", parents=[common], help="what is each metadata source worth?")
    add_ablation(ablate_verb)
    ablate_verb.add_argument("--plan", action="store_true", help="print what would be computed, and how long it would take")
    ablate_verb.set_defaults(run=ablate.ablate)

    report_verb = verbs.add_parser("report", parents=[common], help="an ablation as one HTML file that opens offline")
    add_ablation(report_verb)
    report_verb.add_argument("--out", required=True, metavar="FILE", help="where to write it")
    report_verb.add_argument("--claim", action="store_true", help="mark it as a claim; only what was confirmed may be claimed")
    report_verb.set_defaults(run=report.report)

    add_whatif(verbs.add_parser("whatif", parents=[common], help="ask a trained learner again with its metadata changed"))

    datasets = verbs.add_parser("datasets", parents=[common], help="list data sets with their sources, splits and questions")
    datasets.set_defaults(run=commands.datasets)
    add_obtaining(datasets)

    audit = verbs.add_parser(
        "audit", parents=[common], help="what to look at in the metadata before training; who is recognisable"
    )
    add_dataset(audit)
    audit.add_argument("--split", help="the split it is judged under (default: the data set's own)")
    audit.add_argument("--source", type=words, default=(), help="only these sources, separated by commas")
    audit.add_argument("--quasi", type=words, default=(), help="columns that others may know: counts k, l and unique rows")
    audit.add_argument("--sensitive", metavar="COLUMN", help="what they would learn, for l-diversity")
    audit.add_argument("--metadata-only", action="store_true", help="also train what answers from metadata alone")
    audit.add_argument("--probe", metavar="COLUMN", help="how well a published map of --run would let a reader guess this column")
    audit.add_argument("--run", dest="probed", metavar="DIGEST", help="a finished learner's run, for --probe")
    audit.add_argument("--prototypes", action="store_true", help="probe its prototypes instead of its map")
    add_budget(audit, shots=False)
    audit.set_defaults(run=audit_verb.run)

    episodes = verbs.add_parser("episodes", parents=[common], help="draw episodes and save their manifest")
    add_dataset(episodes)
    add_tasks(episodes)
    episodes.add_argument("--n-shot", type=int, default=1)
    episodes.add_argument("--n-query", type=int, default=15)
    episodes.add_argument("--split")
    episodes.add_argument("--role", default="test")
    episodes.add_argument("--where", help="SQL condition on the table classes")
    episodes.add_argument("--count", type=int, default=1, help="how many episodes (default 1)")
    episodes.add_argument("--seed", type=int, default=0)
    episodes.add_argument("--out", metavar="FILE", help="also write the manifest there (.npz)")
    episodes.set_defaults(run=commands.episodes)

    train = verbs.add_parser("train", parents=[common], help="train one learner, or look it up")
    add_dataset(train)
    train.add_argument("--learner", default=USUAL)
    train.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the learner's paper; may be repeated"
    )
    train.add_argument(
        "--sources",
        type=words,
        default=(),
        help="metadata sources, separated by commas (default: none); `all` for all that describe classes (with a fusion that reads instances: all there are)",
    )
    train.add_argument(
        "--fusion",
        choices=["pseudo-shots", "am3", "film", BOTH, "auxiliary"],
        help="how metadata enters (default pseudo-shots when there are sources); film also reads sources that describe instances, "
        f"{BOTH} places classes by the one and reads instances by the other, auxiliary reads metadata in training only (mode full)",
    )
    train.add_argument(
        "--auxiliary-weight",
        type=float,
        default=AUXILIARY_WEIGHT,
        help=f"of the auxiliary loss (default {AUXILIARY_WEIGHT:g})",
    )
    train.add_argument("--control", choices=CONTROLS, default="none", help="falsify the metadata")
    train.add_argument("--distance", choices=["euclidean", "cosine"], default="euclidean")
    train.add_argument("--source-dropout", type=float, default=0.0)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--split", help="the split it is trained and tested on (default: the data set's own)")
    train.add_argument("--where", help="SQL condition on the test classes")
    train.add_argument(
        "--ways", type=numbers, help="fewer ways to score at too, separated by commas (default: 2,3 of 5; '' for none)"
    )
    train.add_argument("--mode", choices=["quick", "full"], default="quick")
    add_tasks(train)
    add_budget(train)
    train.set_defaults(run=commands.train)

    learners = verbs.add_parser("learners", parents=[common], help="list the learners with paper, cost and options")
    learners.set_defaults(run=commands.learners)

    compare = verbs.add_parser("compare", parents=[common], help="list runs, or put learners side by side on the same episodes")
    compare.add_argument(
        "learners",
        nargs="*",
        type=words,
        metavar="LEARNER",
        help="two or more, the last the baseline: a learner's id, or the digests of its runs (one a seed), separated by commas",
    )
    compare.add_argument(
        "--pairs", action="store_true", help="test every pair, Holm over all of them, not each against the baseline"
    )
    compare.add_argument("--ways", action="store_true", help="also print accuracy over the number of ways")
    compare.add_argument("--rope", type=float, help=f"half-width of no practical difference, in points (default {ROPE:g})")
    compare.set_defaults(run=commands.compare)

    doctor = verbs.add_parser("doctor", parents=[common], help="check this installation and workspace")
    doctor.add_argument(
        "--deep", action="store_true", help="read every file of every run, data set, manifest and job, and compare its checksum"
    )
    doctor.set_defaults(run=doctor_verb.doctor)
    return top


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
        type=words,
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
        "--controls", type=words, help="how metadata is falsified to confirm, separated by commas (default shuffled)"
    )
    verb.add_argument(
        "--rope", type=float, default=ROPE, help=f"half-width of no practical difference, in points (default {ROPE:g})"
    )
    verb.add_argument("--allow-leak", action="store_true", help="ablate sources that identify classes too; their badge stays")
    verb.add_argument("--where", help="SQL condition on the test classes")
    add_tasks(verb)
    add_budget(verb)


def add_whatif(verb: argparse.ArgumentParser) -> None:
    add_dataset(verb)
    verb.add_argument(
        "--run", dest="asked", required=True, metavar="DIGEST", help="a finished learner's run, as `compare` lists them"
    )
    verb.add_argument(
        "--change",
        action="append",
        default=[],
        metavar="SOURCE:KIND:FRACTION[:CHOICE[:YEARS or RUNG]]",
        help="a source missing, swap, nearest, noise, stale or blur for a fraction of the test classes (or of the test instances, where it "
        "describes those: no nearest), chosen random, rare or systematic",
    )
    verb.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="CLASS:COLUMN=VALUE",
        help="one class's value; nothing after = makes it missing",
    )
    verb.add_argument(
        "--edit-instance",
        action="append",
        default=[],
        metavar="ID:COLUMN=VALUE",
        help="one test instance's value; nothing after = makes it missing",
    )
    verb.add_argument(
        "--dose", type=words, default=(), metavar="SOURCES", help="instead: the curve as these get more and more wrong"
    )
    verb.add_argument("--n-shot", type=int, help="labelled examples per class looked at (default: the fewest)")
    verb.add_argument("--episode", type=int, help="the test task looked at query by query (default 1)")
    verb.add_argument("--seed", type=int, help="decides which classes are hit first (default 0)")
    verb.set_defaults(run=whatif.whatif)


def common_options(**default: Any) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--workspace",
        metavar="DIR",
        help=f"the folder for data, runs and jobs (default: ${settings.WORKSPACE.name} or ./workspace)",
        **default,
    )
    common.add_argument("--json", action="store_true", help="print one JSON document", **default)
    return common


def add_obtaining(datasets: argparse.ArgumentParser) -> None:
    """``datasets fetch NAME`` and ``datasets import NAME``; without either, ``datasets`` lists."""
    common = common_options(default=argparse.SUPPRESS)  # what stands before the verb holds unless it is said again after it
    verbs = datasets.add_subparsers(metavar="fetch | import")
    fetch = verbs.add_parser("fetch", parents=[common], help="download a data set and install it")
    fetch.add_argument("name", help="omniglot")
    fetch.add_argument(
        "--from", dest="base", metavar="URL-OR-FOLDER", help="another place to get it from (default: its authors')"
    )
    fetch.set_defaults(run=commands.fetch_dataset)
    import_ = verbs.add_parser("import", parents=[common], help="install a data set from files that are here")
    import_.add_argument("name", help="omniglot")
    import_.add_argument(
        "--source", required=True, metavar="DIR", help="the folder with the authors' zip files, or the Parquet layout"
    )
    import_.set_defaults(run=commands.import_dataset)
    for verb in (fetch, import_):
        verb.add_argument(
            "--as", dest="as_name", metavar="NAME", help="what to call it in this workspace (default: its own name)"
        )
        verb.add_argument("--no-rotations", action="store_true", help="do not make classes of the turned characters")


def words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in words(text))


def add_dataset(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--dataset", default="glyphs", help="name of the data set (default glyphs)")


def add_tasks(verb: argparse.ArgumentParser) -> None:
    """What is not said is what the question, the sources or the data set ask for."""
    verb.add_argument("--n-way", type=int, help="classes of a task (default 5, or the question's)")
    verb.add_argument(
        "--strategy",
        choices=["uniform", "siblings", "disjoint"],
        help="how tasks are drawn (default: disjoint where a source describes instances, else siblings where the data set has some)",
    )
    verb.add_argument("--column", help="what siblings share, or support and query do not (default: the data set's own)")


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
    widths = ", ".join(f"{entry.width} for {name}" for name, entry in BACKBONES.items())
    verb.add_argument("--backbone", choices=list(BACKBONES), help="the embedding network (default: conv4, mlp for vectors)")
    verb.add_argument("--width", type=int, help=f"how wide the backbone is (default {widths})")
    verb.add_argument("--backbone-episodes", type=int, help="training episodes of the backbone, at most (default 500)")
    verb.add_argument(
        "--own-backbone",
        action="store_true",
        default=None,
        help="train the backbone here, though one comes with the data set",
    )
    verb.add_argument("--steps", type=int, help="training steps, at most (default 2000)")
    verb.add_argument("--n-episodes", type=int, help="test episodes, of each fold (default 2000)")
    if shots:
        verb.add_argument("--shots", type=numbers, help="labelled examples per class, separated by commas (default 1,2,5,10)")
    verb.add_argument("--n-query", type=int, help="queries per class (default 15)")
