import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class QMixer(nn.Module):
    def __init__(self, n_agents=3, state_dim=6, embed_dim=8):
        super().__init__()
        self.n_agents, self.state_dim, self.embed_dim = n_agents, state_dim, embed_dim
        self.hyper_w_1 = nn.Linear(state_dim, embed_dim * n_agents)
        self.hyper_w_final = nn.Linear(state_dim, embed_dim)
        self.hyper_b_1 = nn.Linear(state_dim, embed_dim)
        self.V = nn.Sequential(nn.Linear(state_dim, embed_dim), nn.ReLU(), nn.Linear(embed_dim, 1))

    def forward(self, agent_qs, states):
        bs = agent_qs.size(0)
        states = states.reshape(-1, self.state_dim)
        agent_qs = agent_qs.view(-1, 1, self.n_agents)
        w1 = torch.abs(self.hyper_w_1(states)).view(-1, self.n_agents, self.embed_dim)
        b1 = self.hyper_b_1(states).view(-1, 1, self.embed_dim)
        hidden = F.elu(torch.bmm(agent_qs, w1) + b1)
        w_final = torch.abs(self.hyper_w_final(states)).view(-1, self.embed_dim, 1)
        v = self.V(states).view(-1, 1, 1)
        y = torch.bmm(hidden, w_final) + v
        return y.view(bs, -1, 1)


class Agent(nn.Module):
    def __init__(self, obs=5, acts=4, h=12):
        super().__init__()
        self.fc1, self.rnn, self.fc2 = nn.Linear(obs, h), nn.GRUCell(h, h), nn.Linear(h, acts)
        self.h = h

    def forward(self, obs, hidden):
        hidden = self.rnn(F.relu(self.fc1(obs)), hidden)
        return self.fc2(hidden), hidden


torch.manual_seed(0)
mac, mixer = Agent(), QMixer()
target_mac, target_mixer = copy.deepcopy(mac), copy.deepcopy(mixer)
params = list(mac.parameters()) + list(mixer.parameters())
opt = torch.optim.RMSprop(params=params, lr=5e-4, alpha=0.99, eps=1e-5)


def unroll(agent, obs):
    h, qs = torch.zeros(obs.size(0) * 3, agent.h), []
    for t in range(obs.size(1)):
        q, h = agent(obs[:, t].reshape(-1, 5), h)
        qs.append(q.view(-1, 3, 4))
    return torch.stack(qs, 1)


for it in range(8):
    obs, state = torch.randn(4, 5, 3, 5), torch.randn(4, 5, 6)
    actions, reward = torch.randint(0, 4, (4, 5, 3, 1)), torch.randn(4, 5, 1)
    mac_out = unroll(mac, obs)
    chosen = torch.gather(mac_out[:, :-1], 3, actions[:, :-1]).squeeze(3)
    target_out = unroll(target_mac, obs)[:, 1:]
    live = mac_out.clone().detach()
    cur = live[:, 1:].max(3, keepdim=True)[1]
    target_max = torch.gather(target_out, 3, cur).squeeze(3)
    q_tot = mixer(chosen, state[:, :-1])
    t_tot = target_mixer(target_max, state[:, 1:])
    td = q_tot - (reward[:, :-1] + 0.99 * t_tot).detach()
    loss = (td**2).mean()
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 10)
    opt.step()
    if it % 4 == 3:
        target_mac.load_state_dict(mac.state_dict())
        target_mixer.load_state_dict(mixer.state_dict())
