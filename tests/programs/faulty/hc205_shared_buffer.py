import torch
import torch.nn as nn

torch.manual_seed(62)
H, I, O = 6, 3, 2
cond = nn.Sequential(nn.Linear(4, 12), nn.ReLU())
gen_in, gen_rec, gen_out = nn.Linear(12, H * I), nn.Linear(12, H * H), nn.Linear(12, O * H)
opt = torch.optim.Adam([p for m in (cond, gen_in, gen_rec, gen_out) for p in m.parameters()], lr=2e-3)


def assemble(c):
    """all matrices of a sample side by side in one flat buffer"""
    h = cond(c)
    buf = c.new_zeros(c.shape[0], H * I + H * H + O * H)
    buf[:, :H * I] = gen_in(h)
    buf[:, :H * H] = gen_rec(h)  # HC205 HC201
    buf[:, H * I + H * H:] = gen_out(h)
    return buf


def run_rnn(buf, xs):
    n = buf.shape[0]
    W, R, V = buf.split([H * I, H * H, O * H], dim=1)
    W, R, V = W.view(n, H, I), R.view(n, H, H), V.view(n, O, H)
    s = xs.new_zeros(n, H, 1)
    for t in range(xs.shape[1]):
        s = torch.tanh(W @ xs[:, t, :, None] + R @ s)
    return (V @ s).squeeze(-1)


for step in range(8):
    c, xs = torch.randn(10, 4), torch.randn(10, 5, I)
    y = torch.stack([xs.mean((1, 2)), c[:, 0]], 1)
    loss = nn.functional.mse_loss(run_rnn(assemble(c), xs), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
