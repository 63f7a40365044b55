"""What an ablation costs on glyphs: ``python -m benchmarks.ablating [--workspace DIR]`` prints the tables of docs/ablation.md.

Times are those of the processor, one thread: they hold on a busy machine too. The backbone is trained first where it is not stored.
"""

import argparse
import tempfile
import time

import numpy as np
import torch

from metadash.ablation.plan import AblationSpec, ablation_run
from metadash.data.dataset import Dataset
from metadash.data.library import open_dataset
from metadash.episodes.sampler import draw, draw_from
from metadash.runs.machine import prepare_process
from metadash.runs.store import Run
from metadash.runs.train import train
from metadash.specs.subsets import HeadsSpec
from metadash.training.counting import count_correct
from metadash.training.heads import Heads, optimiser_of
from metadash.workspace import Workspace

ARMS = (1, 8, 32, 77, 154, 350)
STEPS = 40
WARM = 5


def cost_per_arm(spec: HeadsSpec, data: Dataset, backbone: Run) -> list[str]:
    """Milliseconds a head and step, and seconds to score a head, as heads are added; an ablation of one seed has 77."""
    rows = ["| heads in the stack | ms a head and step | ms a head to validate |", "|---|---|---|"]
    known = [spec.run_of(arm) for arm in spec.arms if arm.mask]
    for count in ARMS:
        heads = Heads((known[::-1] * 5)[:count], (spec.run.seed,), data, backbone)
        optimiser = optimiser_of(heads.stack, spec.run)
        manifest = draw_from(heads.arm.table, heads.arm.episodes, heads.generators[0])
        taken = []
        for step in range(STEPS):
            begun = time.process_time()
            loss = heads.step_loss([manifest[step * spec.run.meta_batch : (step + 1) * spec.run.meta_batch]]).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            taken.append(time.process_time() - begun)
        begun = time.process_time()
        heads.count(heads.arm.validation)
        validated = time.process_time() - begun
        rows.append(f"| {count} | {np.median(taken[WARM:]) / count * 1e3:.3f} | {validated / count * 1e3:.1f} |")
    return rows


def masked(data: Dataset, spec: HeadsSpec, backbone: Run) -> str:
    """All subsets of eight sources on 10,000 episodes: anchors at random, the counting does not mind."""
    evaluation = spec.run.evaluation
    manifest = draw(data, evaluation.episodes(spec.run.split, "test", n_episodes=10_000))
    classes = len(data.classes)
    table = np.array(backbone.array("embeddings"))
    anchor, share = torch.randn(256, classes, table.shape[1]), torch.rand(256, len(evaluation.shots), classes)
    begun = time.process_time()
    count_correct(table, np.arange(len(table)), manifest, evaluation.shots, anchor, share, np.arange(classes), spec.run.distance)
    return f"256 subsets × 10 000 episodes × {len(evaluation.shots)} shots scored: {time.process_time() - begun:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace")
    chosen = parser.parse_args().workspace
    prepare_process()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(chosen or folder)
        data = open_dataset(workspace, "glyphs")
        spec = AblationSpec(ablation_run(data))
        (heads,) = spec.cells(0)
        assert isinstance(heads, HeadsSpec)
        backbone = train(heads.run.backbone, workspace)
        print("\n".join(cost_per_arm(heads, data, backbone)))
        print(masked(data, heads, backbone))


if __name__ == "__main__":
    main()
