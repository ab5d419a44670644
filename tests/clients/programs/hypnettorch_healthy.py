"""Continual learning with hypnettorch: a chunked hypernetwork, a task embedding for each of two tasks."""

import torch
import torch.nn.functional as F
from hypnettorch.hnets import ChunkedHMLP
from hypnettorch.mnets.mlp import MLP

torch.manual_seed(0)
mnet = MLP(n_in=8, n_out=3, hidden_layers=[16], no_weights=True, verbose=False)
hnet = ChunkedHMLP(
    mnet.hyper_shapes_learned,
    32,
    chunk_emb_size=4,
    cond_in_size=5,
    layers=(16,),
    num_cond_embs=2,
    verbose=False,
)
hnet.apply_chunked_hyperfan_init(mnet=mnet)
optimizer = torch.optim.Adam(hnet.internal_params, lr=1e-2)

for step in range(6):
    task = step % 2
    x, y = torch.randn(16, 8), torch.randint(3, (16,))
    weights = hnet.forward(cond_id=task)
    logits = mnet.forward(x, weights=weights)
    loss = F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
