"""A cross-modal key-value cache, after Tip-Adapter (Zhang, Zhang, Fang, Gao, Li, Dai, Qiao & Li 2022).

The examples are a cache: their embeddings are keys, their labels values, and a query reads them by φ = exp(−β(1 − cos)), sharp where
it is near. Added to that is what another modality says before any example: in the paper the cosine with a class's name as CLIP
embeds it, here that with the anchor μ of the class's metadata, which counts κ times. Further reading: Lin, Yu, Kuang, Pathak &
Ramanan 2023, who make the other modality one more example.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.core.anchored import AnchoredLearner
from metadash.learners.core.task_batch import TaskBatch


class CrossModalCache(AnchoredLearner):
    """The logits are scale · (Σ φ(query, example) over the class's examples + κ · cos(query, μ)); the scale is learned.

    ``cache_sharpness`` is the paper's β. Its α, by which the cache counts beside the zero-shot logits, is κ here, a class at a time: the cache
    counts one an example, so that what metadata tell fades as examples arrive.
    """

    def prepare(self, *, cache_sharpness: float = 5.5) -> None:
        self.cache_sharpness = cache_sharpness
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def decide(self, batch: TaskBatch) -> Tensor:
        query = F.normalize(batch.query_x, dim=-1)
        near = query @ F.normalize(batch.support_x, dim=-1).mT  # [B, Q, S]
        read = (self.cache_sharpness * (near - 1)).exp() @ batch.one_hot()  # a filling row has no label, and is not read
        prior = self.prior(batch)
        if prior is not None:
            anchor, strength = prior
            read = read + strength[:, None] * (query @ F.normalize(anchor, dim=-1).mT)
        return self.log_scale.exp() * read
