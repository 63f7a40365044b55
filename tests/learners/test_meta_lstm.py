import math

import numpy as np
import pytest
import torch

from metadash.learners.core.task_batch import TaskBatch
from metadash.learners.maml import MAML
from metadash.learners.meta_lstm import GateNetwork, LSTMUpdate, MetaLSTM, preprocess
from metadash.networks.mlp import MLP
from tests.learners.adapting_tasks import Inputs, accuracy_after_training, context_of, make, meta_gradient, query_loss


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def preprocessed(x: float) -> list[float]:
    if abs(x) >= math.exp(-10):
        return [math.log(abs(x)) / 10, math.copysign(1, x)]
    return [-1.0, math.exp(10) * x]


def test_two_steps_of_gates_and_cell_equal_a_hand_computation():
    """In plain numbers, coordinate by coordinate; the second step shows that the gates fed back are those after the sigmoid."""
    torch.manual_seed(0)
    network = GateNetwork(hidden=3).double()
    for parameter in network.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    update = LSTMUpdate(network)
    cell = torch.tensor([0.5, -1.2, 2.0], dtype=torch.float64)
    gradients = [torch.tensor(g, dtype=torch.float64) for g in ([0.3, -1e-6, 0.0], [-2.0, 0.01, 1e-5])]
    losses = [torch.tensor(v, dtype=torch.float64) for v in (1.6, 0.9)]
    params = {"w": cell}
    for step in range(2):
        params = update(step, params, {"w": gradients[step]}, losses[step])

    w_in, b_in = network.input.weight.detach().numpy(), network.input.bias.detach().numpy()
    w_h = network.recurrent.weight.detach().numpy()
    w_f, b_f = network.forget.weight.detach().numpy()[0], network.forget.bias.item()
    w_i, b_i = network.write.weight.detach().numpy()[0], network.write.bias.item()
    for k in range(3):
        c, f, i, h, s = cell[k].item(), 0.0, 0.0, np.zeros(3), np.zeros(3)
        for step in range(2):
            g = gradients[step][k].item()
            z = w_in @ np.array(preprocessed(losses[step].item()) + preprocessed(g)) + b_in + w_h @ h
            s = sigmoid(z[3:6]) * s + sigmoid(z[:3]) * np.tanh(z[6:9])
            h = sigmoid(z[9:]) * np.tanh(s)
            f, i = sigmoid(w_f @ [*h, c, f] + b_f), sigmoid(w_i @ [*h, c, i] + b_i)
            c = f * c - i * g
        assert params["w"][k].item() == pytest.approx(c, rel=1e-12)


def test_forgetting_nothing_and_writing_at_alpha_is_gradient_descent():
    alpha, tasks = 0.2, Inputs()
    learner, maml = make(MetaLSTM, inner_steps=4, batch_norm="batch"), make(MAML, inner_steps=4, inner_lr=alpha, first_order=True)
    for gate, bias in ((learner.gates.forget, 50.0), (learner.gates.write, math.log(alpha / (1 - alpha)))):
        gate.weight.data.zero_()
        gate.bias.data.fill_(bias)
    torch.testing.assert_close(
        learner(TaskBatch.by_class(tasks.support, tasks.query)), maml(TaskBatch.by_class(tasks.support, tasks.query))
    )
    found, expected = (meta_gradient(learner_, lambda: query_loss(learner_, tasks)) for learner_ in (learner, maml))  # noqa: B023
    torch.testing.assert_close({name: found[name] for name in expected}, expected)


def test_preprocessing_is_log_and_sign_for_large_and_scaled_for_small():
    x = torch.tensor([0.5, -3.0, 1e-5, -1e-5, 0.0, math.exp(-10)], dtype=torch.float64)
    expected = torch.tensor([preprocessed(value) for value in x.tolist()], dtype=torch.float64)
    torch.testing.assert_close(preprocess(x), expected)


def test_starts_as_gradient_descent_at_a_small_rate():
    for seed in range(20):
        torch.manual_seed(seed)
        gates = GateNetwork()
        assert 4 <= gates.forget.bias.item() <= 6 and -5 <= gates.write.bias.item() <= -4
        weights = [gates.input.weight, gates.recurrent.weight, gates.forget.weight, gates.write.weight]
        assert all(weight.abs().max() <= 0.01 for weight in weights)
    assert GateNetwork().hidden == 20


def test_start_gates_and_lower_lstm_are_all_learned():
    learner, tasks = make(MetaLSTM, inner_steps=3), Inputs()
    gradient = meta_gradient(learner, lambda: query_loss(learner, tasks))
    assert all(value.abs().max() > 0 for value in gradient.values())


def test_inner_gradients_enter_as_constants():
    """A gradient that comes with a graph of its own adds nothing to the meta-gradient."""
    network = GateNetwork().double()
    source = torch.tensor([0.3, -0.4], dtype=torch.float64, requires_grad=True)
    cell = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    moved = LSTMUpdate(network)(0, {"w": cell}, {"w": source * 2}, (source * 3).sum())
    moved["w"].sum().backward()
    assert source.grad is None and cell.grad.abs().min() > 0


def test_metadata_moves_the_heads_part_of_the_start_only():
    learner, tasks = make(MetaLSTM, source_dims=[4], dropout=0.0), Inputs()
    own = {name: value[0] for name, value in learner.own(context_of()).items()}
    start, plain = learner.begin(TaskBatch.by_class(tasks.support, tasks.query).examples(0), own), learner.adapted()
    moved = {name for name in plain if not torch.equal(start[name], plain[name])}
    assert moved == {"head.weight", "head.bias"}


def test_gates_can_be_watched():
    learner, tasks, seen = make(MetaLSTM, inner_steps=3).eval(), Inputs(), []
    learner.trace(TaskBatch.by_class(tasks.support, tasks.query), lambda step, loss, logits, **notes: seen.append(notes))
    assert seen[0] == {} and all(set(notes) == {"forget", "write"} for notes in seen[1:])
    least, mean, greatest = seen[1]["forget"][0].tolist()
    assert 0.98 < least <= mean <= greatest < 1
    assert 0.005 < seen[1]["write"][0, 1].item() < 0.02


def test_beats_chance_by_20_points():
    accuracy, chance = accuracy_after_training(MetaLSTM, 60, network=MLP(8, (8,)), inner_steps=4, batch_norm="batch")
    assert accuracy > chance + 20
