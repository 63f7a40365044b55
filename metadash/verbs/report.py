"""The verb ``report``: an ablation, computed as far as it needs to be, as one HTML file that opens offline."""

import argparse
from pathlib import Path

from metadash.ablation.methods import claims_words, refuse_claim
from metadash.ablation.words import told_sets
from metadash.data.library import open_dataset
from metadash.figures.html import refuse_nowhere
from metadash.front.ablation import computed
from metadash.verbs.ablate import spec_of
from metadash.verbs.options import Verbs, add_ablation
from metadash.verbs.result import Result
from metadash.workspace import Workspace


def add(verbs: Verbs, common: argparse.ArgumentParser) -> None:
    verb = verbs.add_parser("report", parents=[common], help="an ablation as one HTML file that opens offline")
    add_ablation(verb)
    verb.add_argument("--out", required=True, metavar="FILE", help="where to write it")
    verb.add_argument("--claim", action="store_true", help="mark it as a claim; only what was confirmed may be claimed")
    verb.set_defaults(run=report)


def report(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Refuses a claim before anything is computed where the tier does not allow one; the file is written whole or not at all."""
    data = open_dataset(workspace, options.dataset)
    spec = spec_of(options, data)
    if options.claim:
        refuse_claim(spec)
    refuse_nowhere(Path(options.out))
    result = computed(spec, data, options.allow_leak, options.doses)
    found, file = result.found, result.to_html(options.out, options.claim)
    told = claims_words(found) if options.claim else ""
    values = {
        "file": str(file),
        "headline": result.sentence,
        "tier": found.tier,
        "claim": options.claim,
        "digest": found.digest,
    }
    return Result(values, "\n".join(filter(None, [result.sentence, *told_sets(found)[0], told, f"Written to {file}."])))
