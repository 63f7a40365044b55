"""The verb ``report``: an ablation, computed as far as it needs to be, as one HTML file that opens offline."""

import argparse
from pathlib import Path

from metadash.ablation.methods import claims_words, refuse_claim
from metadash.ablation.words import headline, told_sets
from metadash.data.library import open_dataset
from metadash.errors import BadInput
from metadash.figures.report import report_html
from metadash.verbs.ablate import computed, spec_of
from metadash.verbs.commands import Result
from metadash.workspace import Workspace, reason


def report(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Refuses a claim before anything is computed where the tier does not allow one; the file is written whole or not at all."""
    data = open_dataset(workspace, options.dataset)
    spec = spec_of(options, data)
    if options.claim:
        refuse_claim(spec)
    file = Path(options.out)
    if not file.parent.is_dir():
        raise BadInput(f"There is no folder '{file.parent}' to write the report into; make it first.")
    found = computed(spec, data, workspace, options.allow_leak, options.doses)
    write_whole(file, report_html(found, data, options.claim))
    told = claims_words(found) if options.claim else ""
    values = {"file": str(file), "headline": headline(found), "tier": found.tier, "claim": options.claim, "digest": found.digest}
    return Result(values, "\n".join(filter(None, [headline(found), *told_sets(found)[0], told, f"Written to {file}."])))


def write_whole(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadInput(f"The report could not be written to '{file}': {reason(error)}.") from error
