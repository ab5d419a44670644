import torch
from torch import nn
import torch.nn.functional as F

# continual-learning chunked hnet, [chunk_emb ; task_emb] -> chunk


class ChunkHNet(nn.Module):
    def __init__(self, shapes, n_tasks, chunk=12, c=5, t=4):
        super().__init__()
        self.shapes = shapes
        self.numel = sum(torch.Size(s).numel() for s in shapes)
        self.nchunks = (self.numel + chunk - 1) // chunk
        self.chunk_embs = nn.Parameter(torch.randn(self.nchunks, c))
        self.task_embs = nn.ParameterList([nn.Parameter(torch.randn(t)) for _ in range(n_tasks)])
        self.l1 = nn.Linear(c + t, 20)
        self.l2 = nn.Linear(20, chunk)

    def forward(self, task_id):
        t = self.task_embs[task_id].unsqueeze(0).expand(self.nchunks, -1)
        inp = torch.cat([self.chunk_embs.data, t], dim=1)  # HC104
        out = self.l2(F.relu(self.l1(inp))).reshape(-1)[: self.numel]
        ws, i = [], 0
        for s in self.shapes:
            n = torch.Size(s).numel()
            ws.append(out[i:i + n].reshape(s))
            i += n
        return ws


def mnet(x, w):
    h = F.relu(F.linear(x, w[0], w[1]))
    return F.linear(h, w[2], w[3])


torch.manual_seed(0)
hnet = ChunkHNet([(8, 4), (8,), (2, 8), (2,)], n_tasks=2)
opt = torch.optim.Adam(hnet.parameters(), lr=1e-2)
for it in range(8):
    task = it % 2
    x = torch.randn(24, 4)
    y = (x[:, task] > 0).long()
    loss = F.cross_entropy(mnet(x, hnet(task)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("task", task, "ce", loss.item())
