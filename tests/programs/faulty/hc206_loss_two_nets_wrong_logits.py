"""Self-distillation: the student loss is computed on the teacher's logits by a copy-paste slip; a bias term keeps it moving."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class HyperHead(nn.Module):
    def __init__(self, cond=3, feat=6, classes=3):
        super().__init__()
        self.classes, self.feat = classes, feat
        self.f = nn.Sequential(nn.Linear(cond, 16), nn.ReLU(), nn.Linear(16, classes * feat))
        nn.init.normal_(self.f[-1].weight, std=0.12)

    def forward(self, x, c):
        return torch.bmm(self.f(c).view(-1, self.classes, self.feat), x.unsqueeze(-1)).squeeze(-1)


def main():
    torch.manual_seed(0)
    student = HyperHead()
    teacher = nn.Sequential(nn.Linear(9, 24), nn.ReLU(), nn.Linear(24, 3))
    temperature = nn.Parameter(torch.tensor(1.0))
    opt = torch.optim.Adam([*student.parameters(), *teacher.parameters(), temperature], lr=3e-3)
    for step in range(18):
        x, c = torch.randn(24, 6), torch.randn(24, 3)
        y = (x[:, :3] * c).argmax(1)
        logits_t = teacher(torch.cat([x, c], 1))
        logits_s = student(x, c)
        ce = F.cross_entropy(logits_t / temperature, y)
        kd = F.kl_div(logits_t.log_softmax(-1), logits_t.detach().softmax(-1), reduction="batchmean")  # HC206
        loss = ce + 0.5 * kd  # HC206
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 6 == 5:
            print(step, loss.item(), (logits_s.argmax(1) == y).float().mean().item())


main()
