"""The LSTM meta-learner (Ravi & Larochelle 2017, *Optimization as a model for few-shot learning*).

An LSTM's cell state is the learner's parameters, and its update a gradient step whose rate and forgetting are gates:
c_t = f_t ∘ c_{t−1} − i_t ∘ ∇_t. One LSTM, shared by all coordinates, learns the gates; its c₀ is the learned start. Gradients and
losses enter preprocessed, in logarithm and sign, and as constants: nothing is differentiated through them.
"""

import math
from typing import Unpack

import torch
from torch import Tensor, nn

from metadash.learners.core.adapting import AdaptingLearner
from metadash.learners.core.constructors import Inner, Start
from metadash.learners.core.inner_loop import Parameters
from metadash.networks.task_norm import BatchNorm

PREPROCESSING = 10.0
"""p: numbers below e^−p in size are scaled up, larger ones enter by their logarithm."""


def preprocess(x: Tensor, p: float = PREPROCESSING) -> Tensor:
    """[...] to [..., 2]: (log|x| / p, sign x) where |x| ≥ e^−p, else (−1, e^p·x) (Andrychowicz et al. 2016, appendix A)."""
    large = x.abs() >= math.exp(-p)
    size = torch.where(large, x.abs().clamp(min=math.exp(-p)).log() / p, -1.0)
    return torch.stack([size, torch.where(large, x.sign(), math.exp(p) * x)], dim=-1)


class GateNetwork(nn.Module):
    """From what a coordinate sees to its two gates: an LSTM below, and on it f and i, each fed its own last value."""

    def __init__(self, hidden: int = 20):
        super().__init__()
        self.hidden = hidden
        self.input = nn.Linear(4, 4 * hidden)  # loss and gradient, two numbers each
        self.recurrent = nn.Linear(hidden, 4 * hidden, bias=False)
        self.forget = nn.Linear(hidden + 2, 1)
        self.write = nn.Linear(hidden + 2, 1)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.01, 0.01)
        nn.init.uniform_(self.forget.bias, 4, 6)  # f starts near 1 and i near 0.01: gradient descent at a small rate
        nn.init.uniform_(self.write.bias, -5, -4)

    def below(self, x: Tensor, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """One step of the LSTM below: x [P, 4], its output h and state s [P, hidden]."""
        write, forget, candidate, out = (self.input(x) + self.recurrent(h)).chunk(4, dim=-1)
        s = forget.sigmoid() * s + write.sigmoid() * candidate.tanh()
        return out.sigmoid() * s.tanh(), s

    def gates(self, h: Tensor, cell: Tensor, forget: Tensor, write: Tensor) -> tuple[Tensor, Tensor]:
        """f_t and i_t [P]: h [P, hidden], c_{t−1}, f_{t−1} and i_{t−1} [P], the gates after their sigmoid."""
        f = self.forget(torch.cat([h, cell[:, None], forget[:, None]], dim=-1))
        i = self.write(torch.cat([h, cell[:, None], write[:, None]], dim=-1))
        return f.squeeze(-1).sigmoid(), i.squeeze(-1).sigmoid()


class LSTMUpdate:
    """One task's update: all parameters in one row of P coordinates."""

    def __init__(self, network: GateNetwork):
        self.network = network
        self.state: tuple[Tensor, Tensor, Tensor, Tensor] | None = None
        self.forgets: list[Tensor] = []
        self.writes: list[Tensor] = []

    def __call__(self, step: int, params: Parameters, gradients: Parameters, loss: Tensor) -> Parameters:
        names = list(gradients)
        cell = torch.cat([params[name].flatten() for name in names])  # c_{t−1} [P]
        gradient = torch.cat([gradients[name].flatten() for name in names]).detach()
        if self.state is None:
            none = cell.new_zeros(len(cell), self.network.hidden)
            self.state = none, none, torch.zeros_like(gradient), torch.zeros_like(gradient)
        h, s, forget, write = self.state
        seen = torch.cat([preprocess(loss.detach()).expand(len(cell), 2), preprocess(gradient)], dim=-1)
        h, s = self.network.below(seen, h, s)
        forget, write = self.network.gates(h, cell, forget, write)
        self.state = h, s, forget, write
        self.forgets.append(spread(forget))
        self.writes.append(spread(write))
        moved = (forget * cell - write * gradient).split([params[name].numel() for name in names])
        return params | {name: part.view(params[name].shape) for name, part in zip(names, moved, strict=True)}

    def notes(self) -> dict[str, Tensor]:
        """Of each step, the least, mean and greatest gate over the coordinates: [steps, 3]."""
        return {"forget": torch.stack(self.forgets), "write": torch.stack(self.writes)} if self.forgets else {}


def spread(gate: Tensor) -> Tensor:
    gate = gate.detach()
    return torch.stack([gate.amin(), gate.mean(), gate.amax()])


class MetaLSTM(AdaptingLearner):
    """``logits = learner(batch)`` with logits [B, Q, N].

    The learner's own parameters, backbone and head, are c₀. The paper trains with Adam at 0.001, gradients clipped at 0.25, 12
    steps at 1 shot and 8 at 5, and batch norm of the support, never kept from one task to the next.
    """

    def __init__(
        self,
        backbone: nn.Module,
        dim: int,
        n_way: int,
        inner_steps: int = 8,
        hidden: int = 20,
        batch_norm: BatchNorm = "support",
        eval_steps: int | None = None,
        **start: Unpack[Start],
    ):
        inner: Inner = {"first_order": True, "batch_norm": batch_norm, "eval_steps": eval_steps, **start}
        super().__init__(backbone, dim, n_way, inner_steps, **inner)
        self.gates = GateNetwork(hidden)
        self.add_anchors()

    def rule(self) -> LSTMUpdate:
        return LSTMUpdate(self.gates)
