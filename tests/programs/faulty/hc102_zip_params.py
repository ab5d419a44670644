import torch, torch.nn as nn

# RL-ish: the hypernet maps a goal to the weights of a policy, plain policy gradient
torch.manual_seed(42)
obs_dim, act_dim, goal_dim = 4, 3, 2

policy = nn.Sequential(nn.Linear(obs_dim, 6), nn.Tanh(), nn.Linear(6, act_dim))
shapes = [p.shape for p in policy.parameters()]
trunk = nn.Sequential(nn.Linear(goal_dim, 16), nn.ReLU())
heads = nn.ModuleList([nn.Linear(16, s.numel()) for s in shapes])
optimizer = torch.optim.Adam([*trunk.parameters(), *heads.parameters()], lr=3e-4)


def act(obs):
    dist = torch.distributions.Categorical(logits=policy(obs))
    a = dist.sample()
    return a, dist.log_prob(a)


for episode in range(8):
    goal = torch.randn(goal_dim)
    feats = trunk(goal)
    weights = [h(feats).view(s) for h, s in zip(heads, shapes)]
    for p, w in zip(policy.parameters(), weights):
        p.data = w.clone()  # HC102
    obs = torch.randn(20, obs_dim)
    a, logp = act(obs)
    reward = (a == (obs[:, :3] * goal.sum()).argmax(-1)).float()
    loss = -(logp * (reward - reward.mean())).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"ep {episode}: return {reward.mean().item():.2f} loss {loss.item():+.4f}")
