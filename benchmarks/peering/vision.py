"""Lets the registry's torchvision be imported beside a torch without CUDA: it misses two operators, which nothing here ever calls."""

import torch

for _operator in ("nms", "qnms"):
    torch.library.define(f"torchvision::{_operator}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
