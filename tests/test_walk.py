"""The walk of autograd's graph."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypercheck import walk  # noqa: E402


def names(path):
    return [node.name for node in path]


def test_the_path_leads_from_the_loss_to_the_leaf():
    weight = torch.ones(2, requires_grad=True)

    path = walk((weight * 3).sum()).path_to(weight)

    assert ["SumBackward0", "MulBackward0", "AccumulateGrad"] == names(path)


def test_the_path_to_an_inner_tensor_ends_at_its_own_node():
    weight = torch.ones(2, requires_grad=True)
    inner = weight.exp()

    assert ["SumBackward0", "ExpBackward0"] == names(walk(inner.sum()).path_to(inner))


def test_a_detached_leaf_is_not_reached():
    weight, other = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    found = walk((weight.detach() * other).sum())

    assert () == found.path_to(weight)
    assert not found.reaches(weight)
    assert found.reaches(other)


def test_a_tensor_without_history_is_refused():
    with pytest.raises(ValueError, match="no grad_fn"):
        walk(torch.ones(2))


def test_a_leaf_that_is_used_twice_is_one_leaf():
    weight = torch.ones(2, requires_grad=True)
    found = walk((weight * weight.exp() + weight).sum())

    assert 1 == len(found.leaves)
    assert found.leaves[0] is weight


def test_several_losses_are_walked_together():
    one, two = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    found = walk([one * 2, two * 3])

    assert found.reaches(one)
    assert found.reaches(two)


def test_a_leaf_itself_is_its_own_path():
    weight = torch.ones(2, requires_grad=True)

    assert ["AccumulateGrad"] == names(walk(weight).path_to(weight))


def test_a_graph_deeper_than_the_recursion_limit_is_walked():
    weight = torch.ones(1, requires_grad=True)
    value = weight
    for _ in range(20_000):
        value = value + 1

    assert 20_001 == len(walk(value).nodes)
    assert 20_001 == len(walk(value).path_to(weight))


def test_edges_join_known_nodes_and_lead_away_from_the_start():
    weight = torch.ones(2, requires_grad=True)
    found = walk((weight.exp() + weight.sin()).sum())

    assert all(0 <= a < len(found.nodes) and 0 < b < len(found.nodes) for a, b in found.edges)
    assert {node.number for node in found.nodes} - {0} == {target for _, target in found.edges}


def test_a_walk_leaves_the_graph_usable():
    weight = torch.ones(2, requires_grad=True)
    loss = (weight**2).sum()
    walk(loss)
    loss.backward()

    assert weight.grad is not None
    assert [2.0, 2.0] == weight.grad.tolist()
