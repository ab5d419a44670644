"""Transformers as meta-learners for INRs (shape of yinboc/trans-inr)."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

cfg = dict(dim=24, depth=2, heads=2, n_groups=4, hyponet=dict(depth=3, in_dim=2, out_dim=3, hidden_dim=16, pe_dim=6),
           optimizer=dict(lr=2e-3), epochs=5, batch_size=4)


def init_wb(shape):
    weight = torch.empty(shape[1], shape[0] - 1)
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
    bias = torch.empty(shape[1], 1)
    fan_in, _ = nn.init._calculate_fan_in_and_fan_out(weight)
    bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
    nn.init.uniform_(bias, -bound, bound)
    return torch.cat([weight, bias], dim=1).t().detach()


def batched_linear_mm(x, wb):
    one = torch.ones(*x.shape[:-1], 1, device=x.device)
    return torch.matmul(torch.cat([x, one], dim=-1), wb)


class HypoMlp(nn.Module):
    def __init__(self, depth, in_dim, out_dim, hidden_dim, pe_dim, out_bias=0.5, pe_sigma=8):
        super().__init__()
        self.pe_dim, self.pe_sigma, self.depth = pe_dim, pe_sigma, depth
        self.param_shapes = dict()
        last_dim = in_dim * pe_dim
        for i in range(depth):
            cur_dim = hidden_dim if i < depth - 1 else out_dim
            self.param_shapes[f'wb{i}'] = (last_dim + 1, cur_dim)
            last_dim = cur_dim
        self.relu = nn.ReLU()
        self.params = None
        self.out_bias = out_bias

    def set_params(self, params):
        self.params = params

    def convert_posenc(self, x):
        w = torch.exp(torch.linspace(0, math.log(self.pe_sigma), self.pe_dim // 2, device=x.device))
        x = torch.matmul(x.unsqueeze(-1), w.unsqueeze(0)).view(*x.shape[:-1], -1)
        return torch.cat([torch.cos(math.pi * x), torch.sin(math.pi * x)], dim=-1)

    def forward(self, x):
        B, query_shape = x.shape[0], x.shape[1: -1]
        x = x.view(B, -1, x.shape[-1])
        x = self.convert_posenc(x)
        for i in range(self.depth):
            x = batched_linear_mm(x, self.params[f'wb{i}'])
            if i < self.depth - 1:
                x = self.relu(x)
            else:
                x = x + self.out_bias
        return x.view(B, *query_shape, -1)


class Tokenizer(nn.Module):
    def __init__(self, dim, patch=4):
        super().__init__()
        self.patch = patch
        self.prefc = nn.Linear(patch * patch * 3, dim)
        self.posemb = nn.Parameter(torch.randn(4, dim) * 0.1)

    def forward(self, img):
        x = F.unfold(img, self.patch, stride=self.patch).permute(0, 2, 1)
        return self.prefc(x) + self.posemb


class TransInr(nn.Module):
    def __init__(self, dim, depth, heads, n_groups, hyponet):
        super().__init__()
        self.tokenizer = Tokenizer(dim)
        self.hyponet = HypoMlp(**hyponet)
        layer = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.0, batch_first=True)
        self.transformer_encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.base_params = nn.ParameterDict()
        n_wtokens = 0
        self.wtoken_postfc = nn.ModuleDict()
        self.wtoken_rng = dict()
        for name, shape in self.hyponet.param_shapes.items():
            self.base_params[name] = nn.Parameter(init_wb(shape))
            g = min(n_groups, shape[1])
            while shape[1] % g != 0:
                g -= 1
            self.wtoken_postfc[name] = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, shape[0] - 1))
            self.wtoken_rng[name] = (n_wtokens, n_wtokens + g)
            n_wtokens += g
        self.wtokens = nn.Parameter(torch.randn(n_wtokens, dim))

    def forward(self, data):
        dtokens = self.tokenizer(data)
        B = dtokens.shape[0]
        wtokens = self.wtokens.unsqueeze(0).expand(B, -1, -1)
        trans_out = self.transformer_encoder(torch.cat([dtokens, wtokens], dim=1))
        trans_out = trans_out[:, -len(self.wtokens):, :]
        params = dict()
        for name, shape in self.hyponet.param_shapes.items():
            wb = self.base_params[name].unsqueeze(0).repeat(B, 1, 1)
            w, b = wb[:, :-1, :], wb[:, -1:, :]
            l, r = self.wtoken_rng[name]
            x = self.wtoken_postfc[name](trans_out[:, l: r, :])
            x = x.transpose(-1, -2)
            w = F.normalize(w * x.repeat(1, 1, w.shape[2] // x.shape[2]), dim=1)
            wb = torch.cat([w, b], dim=1)
            params[name] = wb
        with torch.no_grad():
            for name in params:
                params[name][:, -1:, :].zero_()  # HC205
        self.hyponet.set_params(params)
        return self.hyponet


def make_coord_grid(n):
    seq = -1 + 1 / n + 2 / n * torch.arange(n).float()
    return torch.stack(torch.meshgrid(seq, seq, indexing='ij'), dim=-1)


class ImgrecTrainer:
    def __init__(self, cfg):
        self.cfg = cfg
        self.model = TransInr(cfg['dim'], cfg['depth'], cfg['heads'], cfg['n_groups'], cfg['hyponet'])
        self.optimizer = torch.optim.Adam(self.model.parameters(), **cfg['optimizer'])
        xy = make_coord_grid(8)
        phase = torch.rand(16, 3, 1, 1) * 3
        self.images = 0.5 + 0.4 * torch.sin(2 * (xy[..., 0] - xy[..., 1])[None, None] + phase)

    def compute_loss(self, gt):
        hyponet = self.model(gt)
        coord = make_coord_grid(8).unsqueeze(0).repeat(gt.shape[0], 1, 1, 1)
        pred = hyponet(coord).permute(0, 3, 1, 2)
        mses = ((pred - gt) ** 2).reshape(gt.shape[0], -1).mean(dim=-1)
        loss = mses.mean()
        return loss, -10 * torch.log10(mses).mean().item()

    def train_step(self, batch):
        self.model.train()
        loss, psnr = self.compute_loss(batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), psnr

    def evaluate_epoch(self):
        self.model.eval()
        with torch.no_grad():
            return self.compute_loss(self.images[:4])[1]

    def run(self):
        for epoch in range(1, self.cfg['epochs'] + 1):
            perm = torch.randperm(len(self.images))
            losses = [self.train_step(self.images[perm[i:i + 4]])[0] for i in range(0, 16, 4)]
            print(f'epoch {epoch}: train loss={sum(losses) / 4:.4f} val psnr={self.evaluate_epoch():.2f}')


if __name__ == '__main__':
    torch.manual_seed(0)
    ImgrecTrainer(cfg).run()
