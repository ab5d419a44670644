"""QMIX: hypernetworks conditioned on the global state mix per-agent Q values (abs keeps it monotone)."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class QMixer(nn.Module):
    def __init__(self, n_agents, state_dim, embed=8):
        super().__init__()
        self.n_agents, self.embed_dim = n_agents, embed
        self.hyper_w_1 = nn.Linear(state_dim, embed * n_agents)
        self.hyper_w_final = nn.Sequential(nn.Linear(state_dim, 16), nn.ELU(), nn.Linear(16, embed))
        self.hyper_b_1 = nn.Linear(state_dim, embed)
        self.V = nn.Sequential(nn.Linear(state_dim, embed), nn.ELU(), nn.Linear(embed, 1))

    def forward(self, agent_qs, states):
        bs = agent_qs.size(0)
        agent_qs = agent_qs.view(-1, 1, self.n_agents)
        w1 = torch.abs(self.hyper_w_1(states)).view(-1, self.n_agents, self.embed_dim)
        b1 = self.hyper_b_1(states).view(-1, 1, self.embed_dim)
        hidden = F.elu(torch.bmm(agent_qs, w1) + b1)
        w_final = torch.abs(self.hyper_w_final(states)).view(-1, self.embed_dim, 1)
        y = torch.bmm(hidden, w_final) + self.V(states).view(-1, 1, 1)
        return y.view(bs, -1, 1)


class Agent(nn.Module):
    def __init__(self, obs, n_actions):
        super().__init__()
        self.fc1, self.rnn, self.fc2 = nn.Linear(obs, 12), nn.GRUCell(12, 12), nn.Linear(12, n_actions)

    def forward(self, x, h):
        h = self.rnn(F.elu(self.fc1(x)), h)
        return self.fc2(h), h


class QLearner:
    def __init__(self, n_agents=3, obs=5, n_actions=4, state=6):
        self.n, self.a = n_agents, n_actions
        self.mac, self.mixer = Agent(obs, n_actions), QMixer(n_agents, state)
        self.target_mac, self.target_mixer = copy.deepcopy(self.mac), copy.deepcopy(self.mixer)
        self.params = list(self.mac.parameters()) + list(self.mixer.parameters())
        self.optimiser = torch.optim.RMSprop(self.params, lr=1e-3, alpha=0.99, eps=1e-5)

    def unroll(self, mac, obs):
        B, T = obs.shape[:2]
        h, out = torch.zeros(B * self.n, 12), []
        for t in range(T):
            q, h = mac(obs[:, t].reshape(B * self.n, -1), h)
            out.append(q.view(B, self.n, -1))
        return torch.stack(out, 1)

    def train(self, batch, step):
        obs, state, actions, reward, mask = batch
        qs = self.unroll(self.mac, obs)
        chosen = torch.gather(qs[:, :-1], 3, actions.unsqueeze(-1)).squeeze(3)
        target_qs = self.unroll(self.target_mac, obs)[:, 1:]
        best = qs.clone().detach()[:, 1:].max(dim=3, keepdim=True)[1]
        target_max = torch.gather(target_qs, 3, best).squeeze(3)
        q_tot = self.mixer(chosen.reshape(-1, self.n), state[:, :-1].flatten(0, 1)).view(*reward.shape)
        t_tot = self.target_mixer(target_max.reshape(-1, self.n), state[:, 1:].flatten(0, 1)).view(
            *reward.shape
        )
        td = q_tot - (reward + 0.9 * t_tot).detach()
        loss = ((td * mask) ** 2).sum() / mask.sum()
        self.optimiser.zero_grad()
        loss.backward()
        gn = torch.nn.utils.clip_grad_norm_(self.params, 10)
        self.optimiser.step()
        if step % 3 == 2:
            self.target_mac.load_state_dict(self.mac.state_dict())
            self.target_mixer.load_state_dict(self.mixer.state_dict())
        return loss.item(), float(gn)


torch.manual_seed(0)
learner = QLearner()
for step in range(8):
    B, T = 6, 4
    batch = (
        torch.randn(B, T + 1, 3, 5),
        torch.randn(B, T + 1, 6),
        torch.randint(0, 4, (B, T, 3)),
        torch.randn(B, T),
        torch.ones(B, T),
    )
    print("t %d loss %.4f grad norm %.3f" % ((step,) + learner.train(batch, step)))
