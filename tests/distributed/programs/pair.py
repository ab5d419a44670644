"""Trains an example of a rule in several processes: pair.py EXAMPLE."""

import importlib.util
import sys

import torch.distributed as dist

dist.init_process_group("gloo")
spec = importlib.util.spec_from_file_location("pair", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
_, step = module.build()
for _ in range(4):
    step()
print("trained")
dist.destroy_process_group()
