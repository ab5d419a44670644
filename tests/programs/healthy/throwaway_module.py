"""A fresh target network object is constructed on every step from generated tensors."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class TargetNet(nn.Module):
    """quality-regression style target net, layer weights are plain attributes"""

    def __init__(self, paras):
        super().__init__()
        self.l1 = TargetFC(paras["w1"], paras["b1"])
        self.l2 = TargetFC(paras["w2"], paras["b2"])
        self.l3 = TargetFC(paras["w3"], paras["b3"])

    def forward(self, x):
        q = torch.sigmoid(self.l1(x))
        q = torch.sigmoid(self.l2(q))
        return self.l3(q).squeeze()


class TargetFC(nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight = weight
        self.bias = bias

    def forward(self, input_):
        b, f = input_.shape[0], input_.shape[1]
        input_re = input_.view(1, b * f, 1, 1)
        weight_re = self.weight.reshape(-1, f, 1, 1)
        bias_re = self.bias.reshape(-1)
        out = F.conv2d(input_re, weight_re, bias_re, groups=b)
        return out.view(b, self.weight.shape[1])


class HyperNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.res = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
        )
        self.v = nn.Linear(32, 6)
        dims = [(6, 5), (5, 4), (4, 1)]
        self.dims = dims
        self.fw = nn.ModuleList(nn.Linear(32, i * o) for i, o in dims)
        self.fb = nn.ModuleList(nn.Linear(32, o) for i, o in dims)

    def forward(self, img):
        f = self.res(img).flatten(1)
        out = {"target_in_vec": self.v(f)}
        for k, (i, o) in enumerate(self.dims, 1):
            out[f"w{k}"] = self.fw[k - 1](f).view(-1, o, i)
            out[f"b{k}"] = self.fb[k - 1](f)
        return out


class Solver:
    def __init__(self, lr=3e-3, epochs=4):
        self.model_hyper = HyperNet().train()
        self.l1_loss = nn.L1Loss()
        self.epochs, self.lr = epochs, lr
        self.paras = [
            {"params": self.model_hyper.res.parameters(), "lr": lr * 0.5},
            {
                "params": [p for n, p in self.model_hyper.named_parameters() if not n.startswith("res")],
                "lr": lr,
            },
        ]
        self.paras = [{"params": list(g["params"]), "lr": g["lr"]} for g in self.paras]
        self.solver = torch.optim.Adam(self.paras, weight_decay=5e-4)

    def train(self, imgs, labels):
        for t in range(self.epochs):
            losses = []
            for img, label in zip(imgs.split(12), labels.split(12)):
                self.solver.zero_grad()
                paras = self.model_hyper(img)
                model_target = TargetNet(paras)
                for param in model_target.parameters():
                    param.requires_grad = False
                pred = model_target(paras["target_in_vec"])
                loss = self.l1_loss(pred, label)
                losses.append(loss.item())
                loss.backward()
                self.solver.step()
            print("%d\t%4.3f" % (t + 1, sum(losses) / len(losses)))
            lr = self.lr / pow(10, (t // 2))
            self.solver = torch.optim.Adam(
                [{"params": g["params"], "lr": lr} for g in self.paras], weight_decay=5e-4
            )


torch.manual_seed(0)
imgs = torch.rand(24, 3, 8, 8)
Solver().train(imgs, imgs.std((1, 2, 3)) * 10)
