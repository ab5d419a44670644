import torch
import torch.nn as nn


class HyperRNNCell(nn.Module):
    """A small RNN whose recurrent rows are scaled by z_t, produced by a smaller LSTM."""

    def __init__(self, n_in, n_hid, n_hyper=5, n_z=3):
        super().__init__()
        self.hyper = nn.LSTMCell(n_in + n_hid, n_hyper)
        self.z = nn.Linear(n_hyper, n_z)
        self.d_h = nn.Linear(n_z, n_hid)
        self.d_x = nn.Linear(n_z, n_hid)
        self.d_b = nn.Linear(n_z, n_hid)
        self.W_h = nn.Parameter(torch.randn(n_hid, n_hid) * 0.2)
        self.W_x = nn.Parameter(torch.randn(n_hid, n_in) * 0.2)

    def forward(self, x, state):
        h, (hh, hc) = state
        hh, hc = self.hyper(torch.cat([x, h], -1), (hh, hc))
        z = self.z(hh.detach())  # HC104
        pre = self.d_h(z) * (h @ self.W_h.T) + self.d_x(z) * (x @ self.W_x.T) + self.d_b(z)
        return torch.tanh(pre), (hh, hc)


class Model(nn.Module):
    def __init__(self, n_in=2, n_hid=8, n_hyper=5):
        super().__init__()
        self.n_hid, self.n_hyper = n_hid, n_hyper
        self.cell = HyperRNNCell(n_in, n_hid, n_hyper)
        self.readout = nn.Linear(n_hid, 1)

    def forward(self, seq):
        B = seq.shape[1]
        h = seq.new_zeros(B, self.n_hid)
        hyp = (seq.new_zeros(B, self.n_hyper), seq.new_zeros(B, self.n_hyper))
        for x in seq:
            h, hyp = self.cell(x, (h, hyp))
        return self.readout(h)


torch.manual_seed(4)
model = Model()
optim = torch.optim.Adam(model.parameters(), lr=5e-3)
for i in range(8):
    seq = torch.rand(6, 10, 2)
    seq[..., 1] = (seq[..., 1] > 0.6).float()
    target = (seq[..., 0] * seq[..., 1]).sum(0, keepdim=True).T
    loss = nn.functional.mse_loss(model(seq), target)
    optim.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optim.step()
    print(f"{i:03d} {loss.item():.5f}")
