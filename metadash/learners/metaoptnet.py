"""MetaOptNet: a multi-class support vector machine as the head (Lee, Maji, Ravichandran & Soatto 2019; Crammer & Singer 2001).

The head of a task is the minimum of ½ Σ ‖w_k‖² + Σ_n C ξ_n with w_y·x_n − w_k·x_n ≥ 1 − ξ_n for all k ≠ y, without an intercept. Its
dual is W = Σ_n x_n a_nᵀ with a_n = C (e_y − p_n), where p_n lies in the simplex over the classes and minimises, with those of the other
examples, ½‖W‖² − Σ_n a_ny. Metadata is one more example a class, its anchor μ, whose box is κ times as wide: C·κ.

Solved by accelerated projected gradients, each example with a step of its own, since the constraints are one simplex an example. The
gradient is that of the optimum (the KKT conditions on the face where it lies), not of the steps: the paper has it from a QP solver.
"""

import torch
from torch import Tensor, nn

from metadash.learners.core.anchored import AnchoredLearner, some
from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.ridge import ROUNDING, identity

Blocks = list[Tensor]
"""One tensor of the examples [B, M, ·] and, where there are metadata, one of the anchors [B, N, ·]. They are never stacked: sums over them
then add an exact zero where κ is zero."""


class MetaOptNet(AnchoredLearner):
    """The logits are scale · (query W); the scale is learned, from the paper's one. ``svm_c`` is C; ``svm_steps`` are those of the solver, and
    at most as many are taken for the gradient."""

    def prepare(self, *, svm_c: float = 0.1, svm_steps: int = 100) -> None:
        self.svm_c, self.svm_steps = svm_c, svm_steps
        self.log_scale = nn.Parameter(torch.tensor(0.0))

    def decide(self, batch: TaskBatch) -> Tensor:
        return self.log_scale.exp() * (batch.query_x @ self.head(batch))

    def head(self, batch: TaskBatch) -> Tensor:
        """W [B, D, N]. A row without a label, as filling is one, has no box, and weighs nothing in it."""
        targets = [batch.one_hot().expand(len(batch.support_x), -1, -1)]
        rows, boxes = [batch.support_x], [self.svm_c * targets[0].sum(dim=-1, keepdim=True)]
        prior = self.prior(batch)
        if prior is not None:
            anchor, strength = prior
            rows, boxes = [*rows, anchor], [*boxes, self.svm_c * strength[..., None]]
            targets = [*targets, identity(strength).expand(len(anchor), -1, -1)]
        dual = CrammerSinger(rows, targets, boxes).solution(self.svm_steps)
        return total([x.mT @ a for x, a in zip(rows, dual, strict=True)])


class CrammerSinger:
    """The dual of rows [B, ·, D] with one-hot targets [B, ·, N] and boxes C ≥ 0 [B, ·, 1]."""

    def __init__(self, rows: Blocks, targets: Blocks, boxes: Blocks):
        self.targets, self.boxes = targets, boxes
        self.gram = [[x @ y.mT for y in rows] for x in rows]

    def solution(self, steps: int) -> Blocks:
        """a [B, ·, N] after so many steps, with the gradient of the optimum.

        On the face where the optimum lies the slack h is equal over the classes that have a share: Z h = 0, with Z the projector onto
        the directions along the face. So a moves with what h depends on by da = Z c, where Z G Z c = Z dh.
        """
        with torch.no_grad():
            shares = self.shares(steps)
        dual = self.dual(shares)
        slack = torch.cat(self.slack(dual), dim=1)
        if slack.requires_grad:
            face = Face(torch.cat(shares, dim=1), torch.cat(self.boxes, dim=1))
            gram = torch.cat([torch.cat(line, dim=2) for line in self.gram], dim=1).detach()
            slack.register_hook(lambda slope: slope if slope is None else conjugate_gradients(gram, face, slope, steps).to(slope))
            moves = (slack - slack.detach()).split([a.shape[1] for a in dual], dim=1)
            dual = [a + move for a, move in zip(dual, moves, strict=True)]
        return dual

    def dual(self, shares: Blocks) -> Blocks:
        return [box * (y - p) for box, y, p in zip(self.boxes, self.targets, shares, strict=True)]

    def slack(self, dual: Blocks) -> Blocks:
        """e_y − W x: by how much less each class of each example violates the margin, and over C the dual's slope by the shares."""
        return [y - scores for y, scores in zip(self.targets, times(self.gram, dual), strict=True)]

    def shares(self, steps: int) -> Blocks:
        """p [B, ·, N], from equal shares (FISTA of Beck & Teboulle 2009, its momentum dropped where it leads uphill: O'Donoghue & Candès
        2015). Sums over a row of |G| C bound the curvature, an example at a time."""
        bounds = [some(bound) for bound in times([[g.abs() for g in line] for line in self.gram], self.boxes)]
        weights = [box * bound for box, bound in zip(self.boxes, bounds, strict=True)]
        shares = ahead = [torch.full_like(y, 1 / y.shape[-1]) for y in self.targets]
        pace = torch.ones_like(weights[0][:, :0].sum(dim=1, keepdim=True))  # [B, 1, 1]
        for _ in range(steps):
            slack = self.slack(self.dual(ahead))
            found = [onto_simplex(p - h / bound) for p, h, bound in zip(ahead, slack, bounds, strict=True)]
            moved = [new - old for new, old in zip(found, shares, strict=True)]
            back = [weight * (p - new) for weight, p, new in zip(weights, ahead, found, strict=True)]
            uphill = total([(b * m).sum((1, 2), keepdim=True) for b, m in zip(back, moved, strict=True)]) > 0
            pace = torch.where(uphill, 1.0, pace)
            quicker = (1 + (1 + 4 * pace.square()).sqrt()) / 2
            momentum, pace = (pace - 1) / quicker, quicker
            shares, ahead = found, [new + momentum * move for new, move in zip(found, moved, strict=True)]
        return shares


class Face:
    """The face on which shares [B, M, N] lie: where a class has none but rounding, it gets none, and an example without a box does not move."""

    def __init__(self, shares: Tensor, boxes: Tensor):
        self.open = ((shares > ROUNDING * torch.finfo(shares.dtype).eps) & (boxes > 0)).to(shares.dtype)
        self.dim = some(self.open.sum(dim=-1, keepdim=True))

    def along(self, a: Tensor) -> Tensor:
        """The part of a [B, M, N] that keeps every example's sum and opens no other class."""
        a = a * self.open
        return a - self.open * a.sum(dim=-1, keepdim=True) / self.dim


def times(gram: list[Blocks], dual: Blocks) -> Blocks:
    return [total([g @ a for g, a in zip(line, dual, strict=True)]) for line in gram]


def total(blocks: Blocks) -> Tensor:
    return blocks[0] if len(blocks) == 1 else blocks[0] + blocks[1]


def onto_simplex(p: Tensor) -> Tensor:
    """The nearest point with no part below zero and sum one, of each row of [..., N]: what is taken from every part grows until those above
    it leave one (Michelot 1986). It is found after at most N rounds, usually five; further ones change nothing, so that a row's answer
    does not depend on its neighbours'. Half the time of sorting."""
    taken = (p.sum(dim=-1, keepdim=True) - 1) / p.shape[-1]
    for _ in range(p.shape[-1]):
        above = (p > taken).to(p.dtype)
        left = ((p * above).sum(dim=-1, keepdim=True) - 1) / above.sum(dim=-1, keepdim=True).clamp(
            min=1
        )  # of what is no number none is
        if not taken.is_meta and torch.equal(left, taken):  # of shapes alone nothing is found out
            break
        taken = left
    return (p - taken).clamp(min=0)


def conjugate_gradients(gram: Tensor, face: Face, slope: Tensor, steps: int) -> Tensor:
    """c [B, M, N] along the face with Z G Z c = Z slope, after so many steps; a task that has arrived stays where it is.

    Where G is singular along the face, what rounding makes of it is not divided by: as much as that is added to its diagonal. The steps
    are in double precision: in single, directions that are nearly lost grow without end.
    """
    rounding, slope, gram = ROUNDING * torch.finfo(slope.dtype).eps, slope.double(), gram.double()
    scale, rest = some(gram.diagonal(dim1=-2, dim2=-1))[..., None], face.along(slope)
    least = rounding**2 * (rest * rest / scale).sum((1, 2), keepdim=True)
    found, towards, left = torch.zeros_like(rest), torch.zeros_like(rest), torch.zeros_like(least)
    for _ in range(steps):
        eased = rest / scale
        size = (rest * eased).sum((1, 2), keepdim=True)
        size = torch.where(size > least, size, 0.0)
        towards = eased + size / some(left) * towards
        bent = face.along(gram @ towards) + rounding * scale * towards
        step = size / some((towards * bent).sum((1, 2), keepdim=True))
        found, rest, left = found + step * towards, rest - step * bent, size
    return found
