"""The audit before training: what in the metadata would make an answer worthless, doubtful, or only needs to be known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metadash.data.dataset import ROLES, Dataset
from metadash.data.profile import known_by_class
from metadash.metadata.audit import columns as audit_columns
from metadash.metadata.audit import inputs as audit_inputs
from metadash.metadata.audit import instances as audit_instances
from metadash.metadata.audit import rows as audit_rows
from metadash.metadata.audit import splits as audit_splits
from metadash.metadata.audit.findings import SEVERITIES, Finding, Material, Severity
from metadash.metadata.audit.privacy import personal_columns

CHECKS = (
    audit_columns.class_identity,
    audit_instances.class_tellers,
    audit_splits.separating,
    audit_splits.parted_groups,
    audit_inputs.input_aggregates,
    audit_instances.aggregates,
    audit_rows.repeated_rows,
    audit_columns.repeated,
    audit_columns.says_nothing,
    audit_columns.unseen_values,
    audit_columns.outside_knowledge,
)
"""Each yields findings about some material; a new check is one line here."""

FIRST = (audit_columns.class_identity, audit_splits.parted_groups, audit_inputs.input_aggregates)
"""Those that take no longer than a click may."""

NAMES_A_CLASS = ("class-id", "class-name", "identifier")
MOSTLY_MISSING = 0.5


@dataclass(frozen=True)
class Audit:
    """The findings, the gravest first, and ``coverage``: for each source and role, the share of rows of which anything is known."""

    dataset: str
    split: str
    sources: tuple[str, ...]
    findings: tuple[Finding, ...]
    coverage: pd.DataFrame

    def of(self, severity: Severity) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == severity]

    def with_more(self, found: Sequence[Finding]) -> "Audit":
        """The same audit with what else has been found since, in its place."""
        ordered = sorted([*self.findings, *found], key=lambda finding: SEVERITIES.index(finding.severity))
        return replace(self, findings=tuple(ordered))

    @property
    def blocked(self) -> bool:
        return bool(self.of("block"))

    @property
    def headline(self) -> str:
        """``2 things to look at before you train.``"""
        grave, doubtful = len(self.of("block")), len(self.of("warn"))
        mend = f"{grave} thing{'s' if grave > 1 else ''} to mend before you train"
        look = f"{doubtful} thing{'s' if doubtful > 1 else ''} to look at"
        if grave:
            return f"{mend}, and {look}." if doubtful else f"{mend}."
        return f"{look} before you train." if doubtful else "Nothing stands in the way of training."

    @property
    def badges(self) -> dict[str, tuple[str, ...]]:
        """The codes that stand beside each source's results, the gravest first."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.sources}
        for finding in self.findings:
            if finding.source in found:
                found[finding.source][finding.code] = None
        return {name: tuple(codes) for name, codes in found.items()}


def audit(dataset: Dataset, split: str | None = None, sources: Sequence[str] = ()) -> Audit:
    """Look at ``sources`` (all of them by default) under a split (the data set's own by default).

    Raises BadInput for a source or split that is not there.
    """
    chosen = tuple(dataset.source(name) for name in sources) if sources else dataset.sources
    material = Material(dataset, split or dataset.description.default_split or dataset.split_names[0], chosen)
    material.roles  # a split that is not there is said before anything else  # noqa: B018
    with dataset.held_open():
        share = coverage(material)
        findings = [finding for check in CHECKS for finding in check(material)]
        findings += gaps(share) + personal(material)
    named = {(finding.source, finding.column) for finding in findings if finding.code in NAMES_A_CLASS}
    findings = [f for f in findings if f.code != "unseen-values" or (f.source, f.column) not in named]  # said once is enough
    order = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    return Audit(dataset.name, material.split, tuple(source.name for source in chosen), tuple(order), share)


def first_look(dataset: Dataset, split: str, sources: Sequence[str]) -> list[Finding]:
    """What is to be said before these sources are trained on, under a second: what blocks, and groups that the split parts.

    Raises BadInput for a source or split that is not there.
    """
    material = Material(dataset, split, tuple(dataset.source(name) for name in sources))
    found = [finding for check in FIRST for finding in check(material)]
    return [finding for finding in found if finding.severity == "block" or finding.code == "parted-groups"]


def coverage(material: Material) -> pd.DataFrame:
    """One row a source (level, then a share for each role): classes or instances of the role with at least one of its columns known."""
    rows, counted = [], known_by_class(material.dataset)
    for source in material.sources:
        known, of = counted.get(source.name, (np.zeros(0), np.zeros(0)))
        shares = {
            role: float(known[chosen].sum() / max(of[chosen].sum(), 1)) if len(known) else 0.0
            for role, chosen in material.roles.items()
        }
        rows.append({"source": source.name, "level": source.level, **shares})
    return pd.DataFrame(rows, columns=["source", "level", *ROLES])


def gaps(share: pd.DataFrame) -> list[Finding]:
    found = []
    for row in share.to_dict("records"):
        if 0 < row["train"] < MOSTLY_MISSING:
            rows = "classes" if row["level"] == "class" else "instances"
            sentence = f"The source '{row['source']}' is known for {row['train']:.0%} of the training {rows}."
            advice = "Read its worth as that of a source with holes; where it is known it may be worth more."
            evidence = {role: round(row[role], 4) for role in ROLES}
            found.append(Finding("low-coverage", "note", row["source"], "", sentence, advice, evidence))
    return found


def personal(material: Material) -> list[Finding]:
    """Columns of the sources that look personal: a warning where the values show it and the source is not marked as sensitive."""
    found = []
    for column in personal_columns(material.dataset):
        if column.source not in {source.name for source in material.sources}:
            continue
        seen = {
            "values": f"looks like {column.sign}s in {column.share:.0%} of its values".replace("coordinatess", "coordinates"),
            "name": f"is named as if it told about a {column.sign}"
            if column.sign != "coordinates"
            else "is named as if it held coordinates",
            "number of values": f"has {column.sign}",
        }[column.by]
        declared = ", and its source is marked as sensitive" if column.declared else ""
        severity: Severity = "warn" if column.by == "values" and not column.declared else "note"
        sentence = f"'{column.column}' {seen}{declared}."
        advice = "See who could be recognised, and what a less exact version would cost, before results or maps are shared."
        evidence = {"looks_like": column.sign, "by": column.by, "share": round(column.share, 3)}
        found.append(Finding("personal", severity, column.source, column.column, sentence, advice, evidence))
    return found
