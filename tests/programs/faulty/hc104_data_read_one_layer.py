import torch
import torch.nn.functional as F

torch.manual_seed(8)
# everything by hand, no nn.Module at all
E, H1, H2, O = 4, 7, 7, 2
z = torch.randn(E, requires_grad=True)
G = [(torch.randn(n, E) * 0.4).requires_grad_() for n in (H1 * 3, H2 * H1, O * H2)]
params = [z] + G
opt = torch.optim.SGD(params, lr=0.1)

x = torch.randn(40, 3)
y = (x.norm(dim=1) > 1.5).long()


def main(x, ws):
    h = torch.relu(F.linear(x, ws[0]))
    h = torch.relu(F.linear(h, ws[1].data))  # HC104
    return F.linear(h, ws[2])


for k in range(8):
    ws = [(g @ z).reshape(s) for g, s in zip(G, [(H1, 3), (H2, H1), (O, H2)])]
    loss = F.cross_entropy(main(x, ws), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(k, loss.item())
