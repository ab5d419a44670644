import torch
import torch.nn as nn

# pytorch-tutorial style phases
torch.manual_seed(77)


class HyperLinear(nn.Module):
    def __init__(self, i, o, cdim):
        super().__init__()
        self.i, self.o = i, o
        self.gen = nn.Sequential(nn.Linear(cdim, 12), nn.Tanh(), nn.Linear(12, i * o))
        self.bias = nn.Parameter(torch.zeros(o))

    def weights(self, c):
        return self.gen(c).view(-1, self.o, self.i)

    def forward(self, x, w):
        return torch.einsum("boi,bi->bo", w, x) + self.bias


layer = HyperLinear(4, 3, 2)
optimizer = torch.optim.Adam(layer.parameters(), lr=1e-2)
criterion = nn.MSELoss()
datasets = {p: [(torch.randn(8, 4), torch.randn(8, 2)) for _ in range(3)] for p in ("train", "val")}

for epoch in range(3):
    for phase in ["train", "val"]:
        layer.train(phase == "train")
        running = 0.0
        for x, c in datasets[phase]:
            target = x[:, :3] * c.sum(1, keepdim=True)
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "Train"):  # HC105
                w = layer.weights(c)
            out = layer(x, w)
            loss = criterion(out, target)
            if phase == "train":
                loss.backward()
                optimizer.step()
            running += loss.item()
        print(epoch, phase, running / len(datasets[phase]))
