"""HyperTTS-like: the speaker embedding makes the adapters of a frozen acoustic decoder; trained in two phases (pre-training, adaptation)."""

import argparse
import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

N_SPK, N_MEL, D = 4, 6, 12


class SpeechData(Dataset):
    def __init__(self, speakers, n=16):
        g = torch.Generator().manual_seed(17)
        self.phones = torch.randint(0, 9, (n * len(speakers), 7), generator=g)
        self.spk = torch.tensor([s for s in speakers for _ in range(n)])
        table = torch.randn(9, N_MEL, generator=g)
        colour = 1 + 0.5 * torch.randn(N_SPK, N_MEL, generator=g)
        shift = torch.randn(N_SPK, N_MEL, generator=g)
        self.mels = table[self.phones] * colour[self.spk][:, None] + shift[self.spk][:, None]

    def __len__(self):
        return len(self.spk)

    def __getitem__(self, i):
        return {"phones": self.phones[i], "spk": self.spk[i], "mel": self.mels[i]}


class SpeakerEmbedder(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.table = nn.Embedding(N_SPK, d)

    def forward(self, spk):
        return self.table(spk)


class AdapterHyperNet(nn.Module):
    """makes the down and up projections for one layer from the speaker and the layer id"""

    def __init__(self, d_spk, d_layer, n_layers, d, bottleneck):
        super().__init__()
        self.d, self.bottleneck = d, bottleneck
        self.layer_id = nn.Embedding(n_layers, d_layer)
        self.source = nn.Sequential(nn.Linear(d_spk + d_layer, 16), nn.ReLU())
        self.down_w, self.down_b = nn.Linear(16, d * bottleneck), nn.Linear(16, bottleneck)
        self.up_w, self.up_b = nn.Linear(16, d * bottleneck), nn.Linear(16, d)
        for lin in (self.up_w, self.up_b):
            nn.init.normal_(lin.weight, std=1e-3)
            nn.init.zeros_(lin.bias)

    def forward(self, spk_emb, layer):
        b = spk_emb.size(0)
        lid = self.layer_id(torch.tensor(layer)).expand(b, -1)
        s = self.source(torch.cat([spk_emb, lid], dim=1))
        return {
            "down_w": self.down_w(s).view(b, self.d, self.bottleneck),
            "down_b": self.down_b(s).view(b, 1, self.bottleneck),
            "up_w": self.up_w(s).view(b, self.bottleneck, self.d),
            "up_b": self.up_b(s).view(b, 1, self.d),
        }


class FFTBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(d, 2 * d, 3, padding=1), nn.Conv1d(2 * d, d, 1)
        self.norm = nn.LayerNorm(d)

    def forward(self, x, adapter=None):
        h = self.conv2(F.relu(self.conv1(x.transpose(1, 2)))).transpose(1, 2)
        if adapter is not None:
            z = torch.baddbmm(adapter["down_b"], h, adapter["down_w"])
            h = h + torch.baddbmm(adapter["up_b"], F.relu(z), adapter["up_w"])
        return self.norm(x + h)


class AcousticModel(nn.Module):
    def __init__(self, n_layers=2):
        super().__init__()
        self.phone_emb = nn.Embedding(9, D)
        self.decoder = nn.ModuleList([FFTBlock(D) for _ in range(n_layers)])
        self.mel_linear = nn.Linear(D, N_MEL)
        self.speaker_embedder = SpeakerEmbedder()
        self.hypernet = AdapterHyperNet(8, 4, n_layers, D, 3)

    def forward(self, phones, spk, use_adapters=True):
        x = self.phone_emb(phones)
        spk_emb = self.speaker_embedder(spk)
        for i, block in enumerate(self.decoder):
            adapter = self.hypernet(spk_emb, i) if use_adapters else None
            x = block(x, adapter)
        return self.mel_linear(x)


class ScheduledOptim:
    def __init__(self, params, lr, warm_up):
        self._optimizer = torch.optim.Adam(params, lr=lr, betas=(0.9, 0.98))
        self.lr, self.warm_up, self.current_step = lr, warm_up, 0

    def step_and_update_lr(self):
        self.current_step += 1
        for group in self._optimizer.param_groups:
            group["lr"] = self.lr * min(
                self.current_step / self.warm_up, (self.warm_up / self.current_step) ** 0.5
            )
        self._optimizer.step()

    def zero_grad(self):
        self._optimizer.zero_grad()

    def load_state_dict(self, sd):
        self._optimizer.load_state_dict(sd)


def evaluate(model, loader, use_adapters):
    model.eval()
    with torch.no_grad():
        out = [F.l1_loss(model(b["phones"], b["spk"], use_adapters), b["mel"]).item() for b in loader]
    model.train()
    return sum(out) / len(out)


def run_phase(name, model, params, loader, steps, args, use_adapters):
    optimizer = ScheduledOptim(params, args.lr, 3)
    step, model_loss = 0, []
    while step < steps:
        for batch in loader:
            pred = model(batch["phones"], batch["spk"], use_adapters)
            loss = F.l1_loss(pred, batch["mel"])
            (loss / args.grad_acc_step).backward()
            model_loss.append(loss.item())
            step += 1
            if step % args.grad_acc_step == 0:
                nn.utils.clip_grad_norm_(model.parameters(), args.grad_clip)
                optimizer.step_and_update_lr()
                optimizer.zero_grad()
            if step >= steps:
                break
    print(
        f"{name}: first {model_loss[0]:.3f} last {sum(model_loss[-4:]) / 4:.3f} val {evaluate(model, loader, use_adapters):.3f}"
    )
    return optimizer


def main(args):
    torch.manual_seed(args.seed)
    model = AcousticModel()
    ckpt = os.path.join(tempfile.mkdtemp(), "pretrain.pt")
    base = [p for n, p in model.named_parameters() if not n.startswith(("hypernet", "speaker_embedder"))]
    run_phase(
        "pretrain",
        model,
        base,
        DataLoader(SpeechData([0]), batch_size=8, shuffle=True),
        args.pretrain_steps,
        args,
        use_adapters=False,
    )
    torch.save({"model": model.state_dict()}, ckpt)

    model = AcousticModel()
    model.load_state_dict(torch.load(ckpt)["model"])
    for name, param in model.named_parameters():
        param.requires_grad = name.startswith(("hypernet", "speaker_embedder"))
    params = [p for p in model.parameters() if p.requires_grad]
    run_phase(
        "adapt",
        model,
        params,
        DataLoader(SpeechData([0, 1, 2, 3]), batch_size=8, shuffle=True),
        args.adapt_steps,
        args,
        use_adapters=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pretrain_steps", type=int, default=16)
    parser.add_argument("--adapt_steps", type=int, default=36)
    parser.add_argument("--grad_acc_step", type=int, default=2)
    parser.add_argument("--grad_clip", type=float, default=1.0)
    parser.add_argument("--lr", type=float, default=2e-2)
    parser.add_argument("--seed", type=int, default=1234)
    main(parser.parse_args())
