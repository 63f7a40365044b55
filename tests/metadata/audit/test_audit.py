"""A planted fault of each kind is found, with its severity and its place; clean data has none; glyphs is not blocked."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from metadash.data.dataset import Dataset, Source
from metadash.errors import BadInput
from metadash.metadata.audit.audit import CHECKS, Audit, audit
from metadash.metadata.audit.findings import CODES, SEVERITIES, Finding
from metadash.workspace import Workspace
from tests.builders import (
    CLASS_SOURCES,
    INSTANCE_SOURCES,
    N_CLASSES,
    PER_CLASS,
    one_sentence,
    tiny_classes,
    tiny_description,
    tiny_instances,
    tiny_splits,
    write_tiny,
)

CLEAN = tuple(source for source in CLASS_SOURCES if source.name != "nothing")
N = N_CLASSES * PER_CLASS
IDS = np.arange(N_CLASSES)
ROLES = tiny_splits(tiny_classes()).query("split == 'family-0'")["role"].to_numpy()
INPUTS = np.zeros((N, 2), np.float32)


def audited(
    folder, classes: pd.DataFrame | None = None, instances: pd.DataFrame | None = None, sources: tuple[Source, ...] = ()
) -> Audit:
    """Clean *tiny*, with other tables and some sources more."""
    description = tiny_description(sources=(*CLEAN, *INSTANCE_SOURCES, *sources), modality="vector")
    tables = {
        "classes": tiny_classes() if classes is None else classes,
        "instances": tiny_instances() if instances is None else instances,
    }
    return audit(write_tiny(Workspace(folder), description=description, inputs=INPUTS, **tables))


def of_code(found: Audit, code: str) -> Finding:
    matching = [finding for finding in found.findings if finding.code == code]
    assert matching, f"nothing about '{code}' among {[f.code for f in found.findings]}"
    return matching[0]


def test_clean_data_has_nothing_but_notes(tmp_path) -> None:
    found = audited(tmp_path)
    assert {f.severity for f in found.findings} == {"note"} and not found.blocked
    assert found.headline == "Nothing stands in the way of training."
    assert {f.code for f in found.findings} <= {"split-by", "unseen-values", "indistinct", "near-duplicates"}


def test_the_embedded_data_set_is_not_blocked(glyphs_workspace: Workspace) -> None:
    found = audit(Dataset.open(glyphs_workspace, "glyphs"))
    assert not found.of("block") and not found.of("warn")
    by_code = {finding.code: finding for finding in found.findings}
    assert by_code["split-by"].column == "base_letter" and by_code["class-name"].source == "name"
    assert by_code["constant"].column == "width_class" and by_code["personal"].column == "designer"
    assert (found.coverage[["train", "validation", "test"]] == 1).all(axis=None)


ids_of, stamps = np.repeat(IDS, PER_CLASS), tiny_instances()["taken"]
ink = np.arange(N) % 97
shuffled = np.random.default_rng(0).permutation
mails = [f"p{i % 9}@example.org" for i in range(N)]
is_test = ROLES == "test"

OF_CLASSES: dict[str, tuple[str, str, Any]] = {
    "the class id": ("class-id", "block", IDS),
    "the class id counted from 1": ("class-id", "block", IDS + 1),
    "the class id as text": ("class-id", "block", [f"C{i:04d}" for i in IDS]),
    "the class name": ("class-name", "note", [f"THING {i}" for i in IDS]),
    "a serial number": ("identifier", "warn", shuffled(N_CLASSES) + 700),
    "a catalogue number": ("identifier", "warn", [f"K{i * 7919 % 997}" for i in shuffled(N_CLASSES)]),
    "a rank": ("class-order", "note", IDS**2 + 0.5),
    "a batch that follows the split": ("encodes-split", "block", np.where(is_test, "B", "A")),
    "a measure that follows the split": ("encodes-split", "block", is_test + np.sin(IDS) / 3),
    "missing for test classes": ("encodes-split", "block", np.where(is_test, np.nan, np.cos(IDS * 7))),
    "a mean over instances": ("aggregate", "warn", pd.Series(ink).groupby(ids_of).mean().to_numpy().round(2)),
    "a first date": ("aggregate", "warn", stamps.groupby(ids_of).min().to_numpy()),
    "the same in other words": ("identical-sources", "warn", tiny_classes()["corner"].str[::-1]),
    "one value": ("constant", "warn", "same"),
    "nothing at all": ("empty", "warn", pd.Series([None] * N_CLASSES, dtype=object)),
    "few values": ("low-coverage", "note", np.where(IDS % 5 == 1, np.cos(IDS * 7), np.nan)),
    "vectors": ("external-knowledge", "note", list(np.random.default_rng(0).normal(size=(N_CLASSES, 4)))),
    "words of GloVe": ("external-knowledge", "note", np.cos(IDS * 7)),
}
OF_INSTANCES: dict[str, tuple[str, str, Any]] = {
    "a file name with the class in it": ("names-class", "block", [f"scan/Thing {c}.png" for c in ids_of]),
    "a folder for each class": ("tells-class", "block", [f"f{c * 7919 % 997}" for c in ids_of]),
    "a folder for most of each class": (
        "tells-class",
        "warn",
        [f"f{c * 7919 % 997}" if i % 10 < 7 else "rest" for i, c in enumerate(ids_of)],
    ),
    "an address": ("personal", "warn", mails),
    "a declared address": ("personal", "note", mails),
}
PLANTED = OF_CLASSES | OF_INSTANCES


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Clean *tiny* with every fault planted as a source of its own."""
    sources = [Source(fault, "class", (fault,), "made from " + fault) for fault in OF_CLASSES]
    sources += [Source(fault, "instance", (fault,), sensitive="declared" in fault) for fault in OF_INSTANCES]
    classes = tiny_classes().assign(**{fault: values for fault, (_, _, values) in OF_CLASSES.items()})
    instances = tiny_instances().assign(ink=ink, **{fault: values for fault, (_, _, values) in OF_INSTANCES.items()})
    return audited(tmp_path_factory.mktemp("faulty"), classes, instances, tuple(sources))


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str, faulty: Audit) -> None:
    code, severity, _ = PLANTED[fault]
    (finding,) = [f for f in faulty.findings if f.source == fault and f.code == code]
    assert finding.severity == severity and faulty.badges[fault][0] == code
    assert one_sentence(finding.sentence) and one_sentence(finding.advice)


def test_what_is_sound_is_not_blamed_for_the_faults_beside_it(faulty: Audit) -> None:
    sound = {source.name for source in (*CLEAN, *INSTANCE_SOURCES)}
    assert not [f for f in faulty.findings if f.source in sound and f.severity != "note"]
    blocked = {f.source for f in faulty.of("block")}
    assert blocked == {fault for fault, (_, severity, _) in PLANTED.items() if severity == "block"} and faulty.blocked


def test_a_column_that_another_source_repeats_is_found(tmp_path) -> None:
    classes = tiny_classes().assign(more=lambda table: table["corner"], size2=np.cos(IDS))
    found = audited(tmp_path, classes, sources=(Source("both", "class", ("size2", "more")),))
    finding = of_code(found, "identical-columns")
    assert (finding.source, finding.column, finding.evidence["other"]) == ("both", "more", "place")


def repeated(train: np.ndarray, test: np.ndarray) -> pd.DataFrame:
    """The classes of *tiny*, where these test classes have the metadata of these training classes."""
    classes = tiny_classes()
    for column in ("size", "count", "is_round", "corner", "traits", "description", "found", "weight"):
        classes.loc[test, column] = classes.loc[train, column].to_numpy()
    return classes


def test_a_row_that_stands_on_both_sides_of_the_split_is_found(tmp_path) -> None:
    train, test = (np.flatnonzero(role == ROLES)[:4] for role in ("train", "test"))

    finding = of_code(audited(tmp_path, repeated(train, test)), "duplicate-rows")
    assert finding.severity == "warn" and finding.evidence["test_classes"] == 4
    assert finding.evidence["pairs"][0] == (f"thing {test[0]}", f"thing {train[0]}")


def test_rows_that_nearly_repeat_are_found_and_the_closest_pair_is_named(tmp_path) -> None:
    train, test = (np.flatnonzero(role == ROLES)[:8] for role in ("train", "test"))

    classes = repeated(train, test)
    classes.loc[test, "size"] += 0.01 * np.arange(1, 9)
    finding = of_code(audited(tmp_path, classes), "near-duplicates")
    assert finding.severity == "warn" and finding.evidence["test_classes"] == 8 and not finding.evidence["sampled"]
    assert finding.evidence["pair"] == (f"thing {test[0]}", f"thing {train[0]}") and finding.evidence["largest"] > 0.99


def test_coarse_metadata_has_twins_everywhere_and_is_no_leak(tiny: Dataset) -> None:
    finding = of_code(audit(tiny, sources=("place", "flag")), "indistinct")
    assert finding.severity == "note" and finding.evidence["share"] > 0.9


def test_the_column_that_was_held_out_is_the_reason_and_no_leak_even_as_a_source(tmp_path) -> None:
    found = audited(tmp_path, sources=(Source("kin", "class", ("family",)),))
    finding = of_code(found, "split-by")
    assert (finding.severity, finding.source, finding.column) == ("note", "kin", "family") and not found.blocked
    assert set(found.badges["kin"]) == {"split-by", "unseen-values"}
    assert [f.evidence["share"] for f in found.findings if f.code == "unseen-values" and f.source == "kin"] == [1.0]


def test_a_split_over_single_classes_is_judged_against_single_classes(tmp_path) -> None:
    generator = np.random.default_rng(5)
    roles = generator.permutation(np.repeat(["train", "validation", "test"], [18, 6, 16]))
    splits = pd.DataFrame({"split": "random", "class_id": IDS, "role": roles})
    batch = np.where(generator.random(N_CLASSES) < 0.88, roles == "test", roles != "test")
    sources = (*CLEAN, Source("batch", "class", ("batch",)))
    description = tiny_description(sources=sources, default_split="random", modality="vector")
    classes = tiny_classes().assign(batch=np.where(batch, "late", "early"))
    found = audit(write_tiny(Workspace(tmp_path), classes=classes, splits=splits, description=description, inputs=INPUTS))
    finding = of_code(found, "encodes-split")
    assert finding.severity in ("warn", "block") and finding.source == "batch" and finding.evidence["p"] <= 0.01
    assert "split-by" not in {f.code for f in found.findings}
    assert [f.source for f in found.findings if f.code == "encodes-split"] == ["batch"]


def test_coverage_is_counted_for_each_source_and_role(tiny: Dataset) -> None:
    found = audit(tiny)
    share = found.coverage.set_index("source")
    fold = audit(tiny, "fold-2-of-5", ("holes",)).coverage.set_index("source")
    for role, members in tiny.split("fold-2-of-5").items():
        assert fold.loc["holes", role] == pytest.approx(tiny.classes["weight"].iloc[members].notna().mean())
    for role in ("train", "validation", "test"):
        members = tiny.split("family-0")[role]
        assert share.loc["holes", role] == pytest.approx(tiny.classes["weight"].iloc[members].notna().mean())
    assert share.loc["nothing", "test"] == 0 and share.loc["site", "test"] == 1
    assert found.headline == "1 thing to look at before you train." and of_code(found, "empty").source == "nothing"


def test_only_the_sources_that_were_asked_about_are_looked_at(tiny: Dataset) -> None:
    found = audit(tiny, "family-1", ["place", "site"])
    assert (
        found.sources == ("place", "site")
        and found.split == "family-1"
        and found.coverage["source"].tolist() == ["place", "site"]
    )
    assert {f.source for f in found.findings} <= {"", "place", "site"}


@pytest.mark.parametrize(
    ("arguments", "said"), [({"split": "north"}, "no split 'north'"), ({"sources": ["shoe"]}, "no source 'shoe'")]
)
def test_an_audit_of_what_is_not_there_is_one_sentence(arguments: dict, said: str, tiny: Dataset) -> None:
    with pytest.raises(BadInput) as problem:
        audit(tiny, **arguments)
    assert said in one_sentence(problem.value)


def test_the_headline_counts_what_is_grave_first() -> None:
    def of(*severities: str) -> str:
        findings = tuple(Finding("empty", severity, "", "", "S.", "A.") for severity in severities)
        return Audit("d", "s", (), findings, pd.DataFrame()).headline

    assert of("note") == "Nothing stands in the way of training."
    assert of("warn", "warn") == "2 things to look at before you train."
    assert of("block") == "1 thing to mend before you train." and of("block", "block", "warn").startswith(
        "2 things to mend before"
    )


def test_every_check_speaks_in_the_known_codes(tiny: Dataset) -> None:
    assert len(CHECKS) == len({check.__name__ for check in CHECKS})
    assert all(f.code in CODES and f.severity in SEVERITIES and f.badge for f in audit(tiny).findings)
