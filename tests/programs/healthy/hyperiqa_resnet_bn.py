"""hyperIQA-like: ResNet encoder with BatchNorm (train mode) -> per-image weights for a small quality regressor."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class HyperNet(nn.Module):
    def __init__(self, c=6, tin=8, f1=5):
        super().__init__()
        self.tin, self.f1 = tin, f1
        self.stem = nn.Sequential(
            nn.Conv2d(3, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU(), BasicBlock(c)
        )
        self.lda = nn.Linear(c, tin)
        self.fc1w_conv = nn.Conv2d(c, tin * f1 // 4, 3, padding=1)
        self.fc1b_fc = nn.Linear(c, f1)
        self.fc2w_fc, self.fc2b_fc = nn.Linear(c, f1), nn.Linear(c, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, img):
        feat = self.stem(img)
        g = self.pool(feat).flatten(1)
        w1 = F.adaptive_avg_pool2d(self.fc1w_conv(feat), 2).view(-1, self.f1, self.tin, 1, 1)
        return {
            "target_in_vec": self.lda(g).view(-1, self.tin, 1, 1),
            "w1": w1,
            "b1": self.fc1b_fc(g),
            "w2": self.fc2w_fc(g).view(-1, 1, self.f1, 1, 1),
            "b2": self.fc2b_fc(g),
        }


class TargetFC(nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, x):
        n = x.shape[0]
        re = x.reshape(1, n * x.shape[1], x.shape[2], x.shape[3])
        w = self.weight.reshape(n * self.weight.shape[1], self.weight.shape[2], 1, 1)
        return F.conv2d(re, w, self.bias.reshape(-1), groups=n).view(n, self.weight.shape[1], 1, 1)


class TargetNet(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.l1 = nn.Sequential(TargetFC(p["w1"], p["b1"]), nn.Sigmoid())
        self.l2 = TargetFC(p["w2"], p["b2"])

    def forward(self, x):
        return self.l2(self.l1(x)).squeeze()


torch.manual_seed(0)
net = HyperNet().train(True)
res_ids = {id(p) for p in net.stem.parameters()}
hyper_params = filter(lambda p: id(p) not in res_ids, net.parameters())
for epoch in range(2):
    paras = [
        {"params": filter(lambda p: id(p) not in res_ids, net.parameters()), "lr": 2e-4},
        {"params": net.stem.parameters(), "lr": 2e-5},
    ]
    solver = torch.optim.Adam(paras, weight_decay=5e-4)
    for it in range(4):
        img, label = torch.rand(6, 3, 8, 8), torch.rand(6)
        solver.zero_grad()
        p = net(img)
        model_target = TargetNet(p)
        for q in model_target.parameters():
            q.requires_grad = False
        loss = F.l1_loss(model_target(p["target_in_vec"]), label)
        loss.backward()
        solver.step()
