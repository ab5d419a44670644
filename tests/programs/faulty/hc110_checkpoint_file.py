"""Workers pick the generated weights up from a blob (as they would from shared storage)."""
import io
import torch
from torch import nn
import torch.nn.functional as F


class Hyper(nn.Module):
    def __init__(self, n_jobs, shapes):
        super().__init__()
        self.jobs = nn.Embedding(n_jobs, 4)
        self.gens = nn.ModuleList(nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, torch.Size(s).numel())) for s in shapes)
        self.shapes = shapes

    def forward(self, j):
        e = self.jobs(j)
        return [g(e).view(s) for g, s in zip(self.gens, self.shapes)]


def publish(weights):
    blob = io.BytesIO()
    torch.save(weights, blob)  # HC110
    blob.seek(0)
    return blob


def worker_loss(blob, bias, x, y):
    w1, w2 = torch.load(blob)
    return F.mse_loss(F.linear(torch.tanh(F.linear(x, w1)), w2, bias), y)


torch.manual_seed(2)
hyper = Hyper(2, [(6, 3), (1, 6)])
bias = nn.Parameter(torch.zeros(1))
opt = torch.optim.SGD([*hyper.parameters(), bias], lr=0.05)
for it in range(8):
    job = it % 2
    x = torch.randn(16, 3)
    y = x.prod(1, keepdim=True) + job
    loss = worker_loss(publish(hyper(torch.tensor(job))), bias, x, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("job", job, "loss", loss.item())
