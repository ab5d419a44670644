import torch
from torch import nn
from torch.func import functional_call


class PolicyHyper(nn.Module):
    def __init__(self, ctx, policy):
        super().__init__()
        self.names = [(n, p.shape) for n, p in policy.named_parameters() if n.startswith("0")]
        self.body = nn.Sequential(nn.Linear(ctx, 32), nn.SiLU())
        self.heads = nn.ModuleList(nn.Linear(32, s.numel()) for _, s in self.names)

    @torch.inference_mode()  # HC106
    def generate(self, ctx):
        h = self.body(ctx)
        return {n: head(h).reshape(s) for (n, s), head in zip(self.names, self.heads)}  # HC106


def main():
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 2))
    hyper = PolicyHyper(4, policy)
    params = list(hyper.parameters()) + list(policy[2].parameters())
    opt = torch.optim.Adam(params, lr=1e-3)
    for it in range(10):
        ctx, obs, act = torch.randn(4), torch.randn(32, 6), torch.randn(32, 2)
        weights = {k: v.clone() for k, v in hyper.generate(ctx).items()}
        mean = functional_call(policy, weights, (obs,))
        loss = -torch.distributions.Normal(mean, 1.0).log_prob(act).sum(-1).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()


main()
