"""The inner loop that MAML and its descendants share: some gradient steps on a task's support, as a pure function.

A network is a backbone and a linear head, called with whatever parameters it is given (``torch.func.functional_call``); a *rule*
turns parameters and their gradients into the next parameters. Two forms of execution give the same numbers: a plain loop over
tasks, fastest for convolutions on a CPU, and ``vmap`` over tasks, for dense networks and a GPU. Under ``vmap`` normalisation is
written out by hand: F.batch_norm and F.layer_norm have a silently wrong second-order gradient there (torch 2.13). Tasks of different
sizes always go through the loop, each without its filling: what fills up would have a part in the statistics of batch norm.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from metadash.errors import BadInput
from metadash.learners.core.task_batch import Examples, TaskBatch, filled
from metadash.networks.film import Modulation
from metadash.networks.task_norm import BatchNorm, NormCall, Statistics, TaskNorm, with_task_norm

Parameters = dict[str, Tensor]

HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"
BACKBONE = "backbone."
ONE = "one"
"""By which θ is multiplied under ``vmap``, so that it too is each task's own: a product with weights that tasks share is another
routine than one with a task's own and rounds otherwise, and a learner with metadata would differ from its plain self in the last bit."""

SUPPORT, QUERY = "support", "query"
WRONG_UNDER_VMAP = (nn.LayerNorm, nn.InstanceNorm1d, nn.InstanceNorm2d)
DIVERGED = 1e6
"""No support loss that means something is this large; the loss of a guess is log N."""


Adapted = tuple[Tensor, Tensor, dict[str, Tensor], list[Statistics]]
"""Of one task: losses [steps], logits [L, Q, N], what the rule notes, and what each batch norm saw."""


class Rule(Protocol):
    """One task's way from parameters to the next; made anew for each task, so it may remember its own steps."""

    def __call__(self, step: int, params: Parameters, gradients: Parameters, loss: Tensor) -> Parameters: ...

    def notes(self) -> dict[str, Tensor]:
        """What the adaptation view should show beside the loss, each [steps, ...]; empty for most rules."""


@dataclass
class Adaptation:
    """What an inner loop did to each of B tasks."""

    logits: Tensor
    """[B, L, Q, N] of the queries: after the last step (L = 1), or before the first and after each (L = steps + 1)."""
    losses: Tensor
    """[B, steps] of the support, before each step; one more, after the last, when every step was asked for."""
    notes: dict[str, Tensor] = field(default_factory=dict)


class Network:
    """Backbone and head as a function of their parameters: ``logits(params, x)``, with the batch norm of a task.

    ``rows`` says how many rows of ``x`` are the support, in front; their logits are left out. With batch norm 'batch' the support
    is not needed beside the queries and is not computed.
    """

    def __init__(self, backbone: nn.Module, batch_norm: BatchNorm = "batch", norm_sets: int = 0):
        self.call = NormCall(batch_norm)
        self.backbone = with_task_norm(backbone, self.call, norm_sets)
        self.norms = [module for module in self.backbone.modules() if isinstance(module, TaskNorm)]

    def parameters(self) -> Parameters:
        return {BACKBONE + name: value for name, value in self.backbone.named_parameters()}

    def per_step_names(self) -> set[str]:
        """The parameters that batch norm holds once for every step: those an inner loop leaves alone."""
        norms = {name for name, module in self.backbone.named_modules() if isinstance(module, TaskNorm) and module.sets}
        return {BACKBONE + (f"{name}.{kind}" if name else kind) for name in norms for kind in ("weight", "bias")}

    def embed(self, params: Parameters, x: Tensor, step: int = 0, support: Tensor | None = None) -> Tensor:
        """Features [R, D] of x [R, ...]; ``support`` lends x its statistics where batch norm is 'support'."""
        own = {name.removeprefix(BACKBONE): value for name, value in params.items() if name.startswith(BACKBONE)}
        call = self.call
        call.active, call.step, call.rows = True, step, None
        try:
            if support is None or call.mode != "support" or not self.norms:
                return functional_call(self.backbone, own, (x,))
            call.rows = len(support)
            return functional_call(self.backbone, own, (torch.cat([support, x]),))[len(support) :]
        finally:
            call.active = False

    def logits(
        self,
        params: Parameters,
        x: Tensor,
        step: int = 0,
        support: Tensor | None = None,
        film: Modulation | None = None,
    ) -> Tensor:
        """``film`` modulates the features of x, row by row, before the head."""
        features = self.embed(params, x, step, support)
        return F.linear(features if film is None else film.of(features), params[HEAD_WEIGHT], params[HEAD_BIAS])


class InnerLoop:
    """``run`` adapts a network to each task of a batch and classifies its queries.

    ``first_order`` takes the inner gradients for constants. ``vectorised``: None chooses ``vmap`` where it is the faster form:
    for networks without convolutions, and on a GPU.
    """

    def __init__(self, network: Network, first_order: bool = False, vectorised: bool | None = None):
        self.network, self.first_order, self.vectorised = network, first_order, vectorised
        modules = list(network.backbone.modules())
        self.convolutions = any(isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d) for module in modules)
        self.wrong = next((type(module).__name__ for module in modules if isinstance(module, WRONG_UNDER_VMAP)), None)
        if vectorised and self.wrong and not first_order:
            raise BadInput(
                f"A vectorised inner loop has a wrong second-order gradient through {self.wrong}; leave vectorised off."
            )

    def runs_vectorised(self, x: Tensor) -> bool:
        if self.vectorised is not None:
            return self.vectorised
        return self.wrong is None and (not self.convolutions or x.is_cuda)

    def run(
        self,
        begin: Callable[[Examples, Parameters], Parameters],
        own: Parameters,
        rule: Callable[[], Rule],
        batch: TaskBatch,
        steps: int,
        every_step: bool = False,
    ) -> Adaptation:
        """``begin(examples, own)`` gives a task's first parameters, where ``own`` holds tensors [B, ...] of each task: what ``begin``
        wants, and FiLM's modulation of support and queries (``with_film``), which no step changes.

        Without support (S = 0) there is nothing to step on, and no step is made.
        """
        shots = batch.support_x.shape[1]
        steps = steps if shots else 0
        if not shots and self.network.call.mode == "support" and self.network.norms:
            raise BadInput(
                "Batch norm with the statistics of the support needs at least one shot; choose 'running' for zero shots."
            )
        vectorised = batch.regular and self.runs_vectorised(batch.support_x)
        watch = self.network.call.mode == "running" and self.network.backbone.training
        labels, n_way, counts = batch.support_y[0], batch.n_way, batch.shots

        def task(support: Tensor, query: Tensor, own: Parameters) -> Adapted:
            assert counts is not None  # of all tasks alike, the labels are those of the first
            return adapt(Examples(support, labels, n_way, counts), query, own)

        def adapt(examples: Examples, query: Tensor, own: Parameters) -> Adapted:
            one, support, target = own.get(ONE), examples.x, examples.y
            params, update = begin(examples, {name: value for name, value in own.items() if name != ONE}), rule()
            if one is not None:
                params = {name: value * one for name, value in params.items()}
            of_support, of_query = film_of(own, SUPPORT), film_of(own, QUERY)
            losses, logits, seen = [], [], []
            for step in range(steps):
                if every_step:
                    logits.append(self.network.logits(params, query, step, support, of_query))
                loss, gradients, saw = self.gradient(params, support, target, step, vectorised, watch, of_support)
                params = update(step, params, gradients, loss)
                losses.append(loss)
                seen.append(saw)
            with self.watching(watch) as saw:
                logits.append(self.network.logits(params, query, steps, support if shots else None, of_query))
            seen.append(saw)
            if every_step and shots:
                after = self.network.logits(params, support, steps, film=of_support)
                losses.append(F.cross_entropy(after, target).detach())
            return torch.stack(losses) if losses else query.new_zeros(0), torch.stack(logits), update.notes(), seen

        if vectorised:
            own = own | {ONE: torch.ones(len(batch), device=batch.support_x.device)}
        if batch.regular and batch.query_mask is None:
            losses, logits, notes, seen = self.over_tasks(task, vectorised)(batch.support_x, batch.query_x, own)
        else:
            losses, logits, notes, seen = stack_all(list(each_alone(adapt, batch, own)))
        check(losses.detach(), logits.detach(), steps)
        self.observe(seen)
        return Adaptation(logits, losses, notes)

    def over_tasks(self, task: Callable, vectorised: bool) -> Callable:
        """The function of one task as a function of a batch of them: inputs and outputs with one more dimension in front."""

        def looped(*batch):
            return stack_all([task(*take(batch, b)) for b in range(len(batch[0]))])

        def mapped(*batch):
            self.network.call.by_hand = True
            try:
                return vmap(task, randomness="different")(*batch)
            finally:
                self.network.call.by_hand = False

        return mapped if vectorised else looped

    def gradient(
        self,
        params: Parameters,
        x: Tensor,
        target: Tensor,
        step: int,
        vectorised: bool,
        watch: bool = False,
        film: Modulation | None = None,
    ) -> tuple[Tensor, Parameters, Statistics]:
        """Loss of the support (a constant), its gradient, and what batch norm saw.

        The gradient is with respect to each parameter *as it now is*: a head that was made from the backbone (ProtoMAML) counts
        as independent of it, which is why the parameters are given new names in the graph before the loss is taken.
        """
        fixed = {name: params[name] for name in self.network.per_step_names()}
        second_order = self.second_order()
        if film is not None and not second_order:
            film = film.detach()

        def loss_of(adapted: Parameters) -> tuple[Tensor, tuple[Tensor, Statistics]]:
            with self.watching(watch) as saw:
                loss = F.cross_entropy(self.network.logits({**fixed, **adapted}, x, step, film=film), target)
            return loss, (loss.detach(), saw)

        adapted = {name: value for name, value in params.items() if name not in fixed}
        if vectorised:
            gradients, (loss, saw) = torch.func.grad(loss_of, has_aux=True)(adapted)
            return loss, gradients if second_order else {n: g.detach() for n, g in gradients.items()}, saw
        with torch.enable_grad():
            leaves = {n: alias(value) if second_order else value.detach().requires_grad_() for n, value in adapted.items()}
            value, (loss, saw) = loss_of(leaves)
            found = torch.autograd.grad(value, list(leaves.values()), create_graph=second_order)
        return loss, dict(zip(leaves, found, strict=True)), saw

    def second_order(self) -> bool:
        return torch.is_grad_enabled() and not self.first_order

    def watching(self, watch: bool) -> "Watch":
        return Watch(self.network.call, watch)

    def observe(self, seen: list[Statistics]) -> None:
        """Running statistics move once per batch, towards the mean over its tasks (and steps, unless each has its own)."""
        for layer, norm in enumerate(self.network.norms):
            saw = [(step, *found[layer]) for step, found in enumerate(seen) if found]
            if saw and norm.sets:
                for step, mean, var in saw:
                    norm.observe(mean.mean(0), var.mean(0), step)
            elif saw:
                norm.observe(torch.stack([m for _, m, _ in saw]).mean((0, 1)), torch.stack([v for *_, v in saw]).mean((0, 1)), 0)


def each_alone(adapt: Callable[[Examples, Tensor, Parameters], Adapted], batch: TaskBatch, own: Parameters) -> Iterator[Adapted]:
    """What becomes of each task without its filling; its logits are filled up again. Raises BadInput where one has no example."""
    for b in range(len(batch)):
        examples = batch.examples(b)
        if not len(examples.x) and batch.support_x.shape[1]:
            raise BadInput(
                "One of these tasks has no labelled example, and others have, so that it cannot take the inner steps that they take; "
                "leave it out, or label one for it."
            )
        asked = None if batch.query_mask is None else batch.query_mask[b]
        query = batch.query_x[b] if asked is None else batch.query_x[b][asked]
        losses, logits, notes, seen = adapt(examples, query, own_of(own, batch, b))
        yield losses, logits if asked is None else torch.stack([filled(step, asked) for step in logits]), notes, seen


def own_of(own: Parameters, batch: TaskBatch, b: int) -> Parameters:
    """What is a task's own, where it speaks of examples (FiLM) without those that only fill up."""
    found = take(own, b)
    for part, mask in ((SUPPORT, batch.mask), (QUERY, batch.query_mask)):
        if mask is not None:
            for name in (f"{part} {field}" for field in Modulation._fields):
                if name in found and len(found[name]) == mask.shape[1]:
                    found[name] = found[name][mask[b]]
    return found


@dataclass
class Watch:
    """Within it, what each batch norm sees is gathered in the list it gives."""

    call: NormCall
    on: bool

    def __enter__(self) -> Statistics:
        saw: Statistics = []
        self.call.seen = saw if self.on else None
        return saw

    def __exit__(self, *exception: object) -> None:
        self.call.seen = None


def with_film(own: Parameters, support: Modulation, query: Modulation) -> Parameters:
    """What a batch of tasks does not share, with its modulations among it."""
    parts = {SUPPORT: support, QUERY: query}
    return own | {f"{part} {name}": value for part, film in parts.items() for name, value in film._asdict().items()}


def film_of(own: Parameters, part: str) -> Modulation | None:
    """The modulation [R, D] of one task's support or queries, where there is one."""
    names = [f"{part} {name}" for name in Modulation._fields]
    return Modulation(*(own[name] for name in names)).rows() if names[0] in own else None


def alias(value: Tensor) -> Tensor:
    return value.view_as(value) if value.requires_grad else value.detach().requires_grad_()


def take(tree, index: int):
    """The ``index``-th of everything in a nest of tuples, lists and dicts of tensors."""
    if isinstance(tree, Tensor):
        return tree[index]
    if isinstance(tree, dict):
        return {name: take(value, index) for name, value in tree.items()}
    return type(tree)(take(value, index) for value in tree)


def stack_all(trees: list):
    """Nests of tensors of the same form, as one nest of stacked tensors."""
    first = trees[0]
    if isinstance(first, Tensor):
        return torch.stack(trees)
    if isinstance(first, dict):
        return {name: stack_all([tree[name] for tree in trees]) for name in first}
    return type(first)(stack_all(list(parts)) for parts in zip(*trees, strict=True))


def check(losses: Tensor, logits: Tensor, steps: int) -> None:
    """Raise BadInput where an inner loop left the numbers: losses [B, ≥ steps], logits [B, L, Q, N]."""
    bad = ~(losses[:, :steps].abs() < DIVERGED).all(0)
    if bad.any():
        step = int(bad.nonzero()[0])
        if step == 0:
            raise BadInput(
                "The support loss is not a usable number before the first inner step, so the inputs or the learned weights are "
                "not either; look for inputs that are far larger than the rest, or try another seed."
            )
        worst = losses[:, step][~(losses[:, step].abs() < DIVERGED)][0].item()
        raise BadInput(
            f"The inner loop diverged: after inner step {step} of {steps} the support loss is {worst:g}; "
            "lower inner_lr, or take fewer inner steps."
        )
    if not logits.isfinite().all():
        raise BadInput(
            f"The inner loop diverged: after inner step {steps} of {steps} the query logits are not numbers; "
            "lower inner_lr, or take fewer inner steps."
        )
