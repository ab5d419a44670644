"""Weight prediction for few-shot classes: cosine classifier with attention-based weight generator."""

import torch
import torch.nn.functional as F
from torch import nn


class FewShotWeightGenerator(nn.Module):
    def __init__(self, feat, base):
        super().__init__()
        self.weight_base = nn.Parameter(torch.randn(base, feat) / feat**0.5)
        self.phi_avg = nn.Parameter(torch.ones(feat))
        self.phi_att = nn.Parameter(torch.ones(feat))
        self.query = nn.Linear(feat, feat)
        self.query.weight.data.copy_(torch.eye(feat) + 0.01 * torch.randn(feat, feat))
        self.keys = nn.Parameter(torch.randn(base, feat) / feat**0.5)
        self.scale_cls = nn.Parameter(torch.tensor(5.0))
        self.scale_att = nn.Parameter(torch.tensor(5.0))

    def novel_weights(self, feats):
        way, shot, d = feats.shape
        avg = F.normalize(feats, dim=-1).mean(1)
        q = F.normalize(self.query(feats), dim=-1)
        att = (self.scale_att * q @ F.normalize(self.keys, dim=-1).t()).softmax(-1)
        w_att = (att @ F.normalize(self.weight_base, dim=-1)).mean(1)
        return self.phi_avg * avg + self.phi_att * w_att

    def forward(self, support, query):
        w = torch.cat([self.weight_base, self.novel_weights(support)], 0)
        return self.scale_cls * F.linear(F.normalize(query, dim=-1), F.normalize(w, dim=-1))


torch.manual_seed(4)
feature = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 8))
classifier = FewShotWeightGenerator(8, base=5)
optimizer = torch.optim.SGD(
    [{"params": feature.parameters()}, {"params": classifier.parameters(), "weight_decay": 5e-4}],
    lr=0.05,
    momentum=0.9,
    nesterov=True,
)
means = torch.randn(12, 10)
for ep in range(8):
    novel = 5 + torch.randperm(7)[:3]
    sup = means[novel].unsqueeze(1) + 0.3 * torch.randn(3, 2, 10)
    q_cls = torch.cat([torch.arange(5), novel])
    q = means[q_cls].repeat(3, 1) + 0.3 * torch.randn(24, 10)
    target = torch.arange(8).repeat(3)
    scores = classifier(feature(sup), feature(q))
    loss = F.cross_entropy(scores, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("episode", ep, "loss", loss.item(), "acc", (scores.argmax(1) == target).float().mean().item())
