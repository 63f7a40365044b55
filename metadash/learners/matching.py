"""Matching Networks (Vinyals, Blundell, Lillicrap, Kavukcuoglu & Wierstra 2016).

A query attends to every support example by the softmax of cosine similarities, and its label is the attention-weighted mean of
theirs: a differentiable nearest neighbour. Full context embeddings (FCE) let the support set rewrite its own embeddings (a
bidirectional LSTM, g) and the query's (an LSTM that reads the support by attention, f). Metadata is one more support key of the
class at its anchor μ, counted κ times: its attention logit is raised by log κ.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from metadash.errors import BadInput
from metadash.learners.core.anchored import AnchoredLearner
from metadash.learners.core.task_batch import TaskBatch


class MatchingNetwork(AnchoredLearner):
    """The logits are log Σ exp(attention logit) over a class's keys, so that their softmax is the paper's label distribution.

    The paper's cosine has no scale (``matching_scale`` "fixed"), which with five ways can never be surer than 65 %; by default
    it is learned. With ``fce`` the paper's g runs through the support in its order, so class order and example order matter a
    little; without, neither does. The anchor of a class is a key only: it is not read into f or g.
    What reads the support in its order has no answer for examples in no order, so ``fce`` refuses all but a balanced support.
    """

    def prepare(self, *, matching_scale: Literal["learned", "fixed"] = "learned", fce: bool = False, fce_steps: int = 5) -> None:
        learned = matching_scale == "learned"
        self.log_scale = nn.Parameter(torch.tensor(2.0 if learned else 0.0), requires_grad=learned)
        self.full_context = FullContext(self.dim, fce_steps) if fce else None

    def decide(self, batch: TaskBatch) -> Tensor:
        of_examples, of_anchors = self.attention_logits(batch)
        logits = of_examples.logsumexp(dim=-1).clamp(min=nothing(of_examples))  # [B, Q, N]
        return logits if of_anchors is None else torch.logaddexp(logits, of_anchors)

    def attention(self, batch: TaskBatch) -> Tensor:
        """The weights [B, Q, N, K (+ 1 for the anchor, where there is metadata)]; over a query's keys they sum to one.

        Of an irregular batch [B, Q, N, S (+ 1)]: all examples for each class, those of other classes at zero.
        """
        of_examples, of_anchors = self.attention_logits(batch)
        keys = of_examples if of_anchors is None else torch.cat([of_examples, of_anchors[..., None]], dim=-1)
        return keys.flatten(2).softmax(dim=-1).view_as(keys)

    def attention_logits(self, batch: TaskBatch) -> tuple[Tensor, Tensor | None]:
        """Of the examples [B, Q, N, K] (or [B, Q, N, S], see ``attention``), and of the anchors [B, Q, N] (or None)."""
        keys, query = batch.support_x, batch.query_x
        if self.full_context is not None and keys.shape[1]:
            if not batch.regular:
                raise BadInput(
                    "Full context embeddings read the support one after the other, so these examples, which stand in no order or are "
                    "not as many for each class, have no one answer; leave fce off."
                )
            keys, query = self.full_context(keys, query)
        query = self.log_scale.exp() * F.normalize(query, dim=-1)
        of_examples = query @ F.normalize(keys, dim=-1).mT  # [B, Q, S]
        if batch.shots is not None:
            of_examples = of_examples.unflatten(-1, (batch.n_way, batch.shots))
        else:
            others = batch.one_hot().mT[:, None] == 0  # [B, 1, N, S]
            of_examples = of_examples[:, :, None].masked_fill(others, nothing(of_examples))
        prior = self.prior(batch)
        if prior is None:
            return of_examples, None
        anchor, strength = prior
        of_anchors = query @ F.normalize(anchor, dim=-1).mT + strength.clamp(min=torch.finfo(strength.dtype).tiny).log()[:, None]
        return of_examples, of_anchors.masked_fill(strength[:, None] == 0, -torch.inf)


def nothing(like: Tensor) -> float:
    """The attention logit of what is not there: no attention, but a number."""
    return torch.finfo(like.dtype).min / 2


class FullContext(nn.Module):
    """The paper's g and f (its sections 2.1.2 and appendix A): keys [B, M, D] and queries [B, Q, D], each in the light of the keys."""

    def __init__(self, dim: int, steps: int):
        super().__init__()
        self.steps = steps
        self.of_support = nn.LSTM(dim, dim, batch_first=True, bidirectional=True)
        self.of_query = nn.LSTMCell(2 * dim, dim)

    def forward(self, keys: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        forward, backward = self.of_support(keys)[0].chunk(2, dim=-1)
        keys = keys + forward + backward
        state, cell = query, torch.zeros_like(query)
        for _ in range(self.steps):
            read = (state @ keys.mT).softmax(dim=-1) @ keys  # [B, Q, D]
            hidden = self.of_query(torch.cat([query, read], dim=-1).flatten(0, 1), (state.flatten(0, 1), cell.flatten(0, 1)))
            state, cell = hidden[0].view_as(query) + query, hidden[1].view_as(query)
        return keys, state
