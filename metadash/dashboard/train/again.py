"""A stored learner in the controls of *Train*: what each would hold, as its link has it."""

from typing import Any

from metadash.dashboard.links.address import text_of
from metadash.dashboard.parts.asked import BALANCES, balance_of
from metadash.dashboard.parts.budget import TEXTS_READ
from metadash.dashboard.train.controls import normalisation_titles
from metadash.dashboard.train.how import TUNING
from metadash.data.dataset import Dataset
from metadash.front.keeping.spelling import choices_of
from metadash.learners.registry import LEARNERS
from metadash.networks.encoders.registry import feature_entry
from metadash.specs.run import RunSpec, usual_ways
from metadash.specs.training import CHOICES

NO_CONTROL = {"auxiliary_weight": "the weight of the auxiliary loss", "source_dropout": "how often sources were hidden"}
"""Choices of a run that *Train* does not offer, in words."""
OF_BACKBONE = {"backbone_training": "tr_backbone_training", "backbone_episodes": "tr_episodes", "own_backbone": "tr_own"}
OWN_NUMBERS = (*CHOICES.values(), "learning_rate", "meta_batch", "weight_decay", "patience")
"""Whose controls are of one learner in one mode."""


def controls_of(spec: RunSpec, data: Dataset) -> tuple[dict[str, str | list[str]], list[str]]:
    """The parameters of a link to *Train*, and in words what is lost on the way. Raises BadInput for a run that no choices give."""
    chosen, entry = choices_of(spec, data), LEARNERS[spec.learner]
    tests, network = spec.evaluation, feature_entry(spec.backbone.backbone)
    mode_key = "tr_only_mode" if entry.family == "reference" else "tr_mode"
    values: dict[str, Any] = {
        "dataset": data.name,
        "tr_learner": spec.learner,
        "tr_seeds": [spec.seed],
        mode_key: spec.mode,
        "tr_backbone": network.name,
        "tr_split": spec.split,
        "tr_strategy": tests.strategy,
        "tr_way": tests.n_way,
        "tr_shots": list(tests.shots),
        "tr_query": tests.n_query,
        "tr_tests": tests.n_episodes,
        "tr_uneven": balance_of(tests.query_dirichlet),
        "where": tests.where or "",
        "tr_distance": spec.distance,
        "tr_steps": spec.steps,
        "tr_tune": next(name for name, tries in TUNING.items() if tries == spec.tune) if spec.tune in TUNING.values() else "",
        "tr_options": ",".join(f"{name}={value}" for name, value in spec.options),
    }
    if tests.strategy != "uniform" and tests.column:
        values[f"tr_{tests.strategy}_column"] = tests.column
    if spec.sources:
        values |= {"tr_sources": list(spec.sources), "tr_fusion": spec.fusion, "tr_control": spec.control}
        values["tr_texts"] = TEXTS_READ[spec.text_encoder]
    if spec.normalise != "usual":
        values["tr_normalise"] = normalisation_titles(entry, network.name)[spec.normalise]
    if usual_ways(tests.n_way) and tests.query_dirichlet is None and not entry.fixed_way:
        values[f"tr_ways_{tests.n_way}"] = list(tests.ways)
    if "width" in chosen:
        values[f"tr_{network.name}_width"] = chosen["width"]
    values |= {key: chosen[choice] for choice, key in OF_BACKBONE.items() if choice in chosen}
    for name in OWN_NUMBERS:
        if name in chosen:
            values[f"tr_{name}_quick_{spec.mode}_{spec.learner}"] = chosen[name]
    lost = [said for name, said in NO_CONTROL.items() if name in chosen]
    if tests.query_dirichlet not in BALANCES.values():
        lost.append("just how uneven its queries are")
    if spec.tune not in TUNING.values():
        lost.append("how many forms were tried on validation classes")
    if spec.split not in data.split_names:
        lost.append(f"its fold {spec.split} (Train has the stored splits)")
        del values["tr_split"]
    return {key: wired(value) for key, value in values.items() if value not in ("", None)}, lost


def wired(value: Any) -> str | list[str]:
    """As a link has it; an empty choice of several is one empty text."""
    return ([text_of(one) for one in value] or [""]) if isinstance(value, (list, tuple)) else text_of(value)
