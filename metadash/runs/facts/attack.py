"""What metadata give away by themselves, and what a published map or prototype gives away of them."""

from collections.abc import Sequence

from metadash.data.dataset import Dataset
from metadash.errors import BadInput
from metadash.runs.facts import learner
from metadash.runs.facts.facts import USUAL_SHAPE, Facts
from metadash.specs.check import check_role
from metadash.specs.probes import ProbeSpec, ProxySpec


def proxy_title(spec: ProxySpec) -> str:
    return f"Instance metadata alone: {', '.join(spec.sources)}, {spec.dataset}"


def proxy_seconds(spec: ProxySpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    tests = spec.evaluation
    return 1.0 + 5 * tests.n_episodes * len(tests.shots) * tests.n_way * 1e-5 + n_instances * 3e-5


def proxy_check(spec: ProxySpec, dataset: Dataset) -> None:
    for name in spec.sources:
        if dataset.source(name).level != "instance":
            raise BadInput(f"The source '{name}' describes classes; train the learner metadata-only on it instead.")
    check_role(spec.evaluation.episodes(spec.split, "test"), dataset)


def probe_title(spec: ProbeSpec) -> str:
    return f"Guessing {spec.column} from {'the map' if spec.what == 'map' else 'prototypes'}: {learner.title(spec.map.run)}"


def probe_seconds(spec: ProbeSpec, n_instances: int, shape: Sequence[int] = USUAL_SHAPE) -> float:
    return 3.0


def probe_check(spec: ProbeSpec, dataset: Dataset) -> None:
    if spec.column not in {*dataset.classes.columns, *dataset.instances.columns}:
        raise BadInput(f"'{dataset.name}' has no column '{spec.column}' to guess; its tables say which there are.")


PROXY = Facts(proxy_title, proxy_seconds, proxy_check)
PROBE = Facts(probe_title, probe_seconds, probe_check)
