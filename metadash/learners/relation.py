"""Relation Network (Sung, Yang, Zhang, Xiang, Torr & Hospedales 2018).

The distance itself is learned: a small network looks at a class and a query side by side and scores how related they are. Where
the paper's two convolution blocks compare feature maps, ours compares flat embeddings, with two dense layers. Metadata enters the
class before the comparison, as κ pseudo-shots at its anchor μ.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.learners.prototypical import PrototypeLearner


class RelationNetwork(PrototypeLearner):
    """The logits are the scores *before* the paper's sigmoid.

    The paper trains sigmoid(logits) on one-hot targets by squared error; cross-entropy over the classes fits the same logits and
    is what later reproductions use. Which of the two is the trainer's business. A class is the mean of its embeddings rather
    than their sum: at a fixed number of shots the first layer cannot tell, and one module then serves every number of shots.
    """

    def prepare(self, *, hidden: int = 64) -> None:
        self.pair = nn.Linear(2 * self.dim, hidden)
        self.hidden = nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)

    def logits(self, query: Tensor, prototypes: Tensor) -> Tensor:
        of_class, of_query = self.pair.weight.split(self.dim, dim=1)
        classes = F.linear(prototypes, of_class, self.pair.bias)[:, None]  # [B, 1, N, H]
        queries = F.linear(query, of_query)[:, :, None]  # [B, Q, 1, H]: the sum is the layer on the pair, without building pairs
        return self.score(torch.relu(self.hidden(torch.relu(classes + queries)))).squeeze(-1)
