"""The same verbs without a browser: ``metadash answer | recommend | ablate | report | whatif | datasets | audit | episodes | train | predict | save | learners | compare | runs | doctor | serve``.

Exit codes: 0 done, 1 a defect (or ``doctor`` found one), 2 bad input (or ``audit`` found
what must be mended before training), 130 interrupted. With ``--json`` the standard output is one
JSON document and nothing else; progress goes to the standard error.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

import metadash
from metadash.errors import BadInput
from metadash.verbs import (
    ablate,
    answer,
    audit,
    compare,
    datasets,
    doctor,
    episodes,
    learners,
    propose,
    report,
    serve,
    train,
    whatif,
)
from metadash.verbs.given import recommend
from metadash.verbs.keeping import runs
from metadash.verbs.options import common_options
from metadash.verbs.parser import Parser
from metadash.verbs.using import predict, save
from metadash.workspace import Workspace

VERBS = (
    answer,
    recommend,
    ablate,
    report,
    whatif,
    datasets,
    audit,
    episodes,
    propose,
    train,
    predict,
    save,
    learners,
    compare,
    runs,
    doctor,
    serve,
)
"""One module a verb, in the order in which help lists them."""

DONE, DEFECT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        result = options.run(options, options.opens(options))
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
    top = Parser(
        prog="metadash",
        description="Which metadata helps a few-shot learner with new classes, by how much, and how sure are you?",
    )
    top.set_defaults(opens=lambda options: Workspace(options.workspace))
    top.add_argument("--version", action="version", version=f"%(prog)s {metadash.__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        verb.add(verbs, common)
    return top
