"""QMIX: monotonic mixing network whose weights come from hypernetworks of the global state (pymarl shape)."""
import copy
from types import SimpleNamespace as SN

import numpy as np
import torch as th
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import RMSprop


class RNNAgent(nn.Module):
    def __init__(self, input_shape, args):
        super(RNNAgent, self).__init__()
        self.args = args
        self.fc1 = nn.Linear(input_shape, args.rnn_hidden_dim)
        self.rnn = nn.GRUCell(args.rnn_hidden_dim, args.rnn_hidden_dim)
        self.fc2 = nn.Linear(args.rnn_hidden_dim, args.n_actions)

    def init_hidden(self):
        return self.fc1.weight.new(1, self.args.rnn_hidden_dim).zero_()

    def forward(self, inputs, hidden_state):
        x = F.relu(self.fc1(inputs))
        h = self.rnn(x, hidden_state.reshape(-1, self.args.rnn_hidden_dim))
        return self.fc2(h), h


class BasicMAC:
    def __init__(self, args):
        self.args, self.n_agents = args, args.n_agents
        self.agent = RNNAgent(args.obs_shape + args.n_agents, args)
        self.hidden_states = None

    def forward(self, batch, t):
        bs = batch["obs"].shape[0]
        eye = th.eye(self.n_agents).unsqueeze(0).expand(bs, -1, -1)
        inputs = th.cat([batch["obs"][:, t], eye], dim=-1).reshape(bs * self.n_agents, -1)
        agent_outs, self.hidden_states = self.agent(inputs, self.hidden_states)
        return agent_outs.view(bs, self.n_agents, -1)

    def init_hidden(self, batch_size):
        self.hidden_states = self.agent.init_hidden().unsqueeze(0).expand(batch_size, self.n_agents, -1)

    def parameters(self):
        return self.agent.parameters()

    def load_state(self, other_mac):
        self.agent.load_state_dict(other_mac.agent.state_dict())


class QMixer(nn.Module):
    def __init__(self, args):
        super(QMixer, self).__init__()
        self.args = args
        self.n_agents = args.n_agents
        self.state_dim = int(np.prod(args.state_shape))
        self.embed_dim = args.mixing_embed_dim
        if getattr(args, "hypernet_layers", 1) == 1:
            self.hyper_w_1 = nn.Linear(self.state_dim, self.embed_dim * self.n_agents)
            self.hyper_w_final = nn.Linear(self.state_dim, self.embed_dim)
        else:
            hypernet_embed = self.args.hypernet_embed
            self.hyper_w_1 = nn.Sequential(nn.Linear(self.state_dim, hypernet_embed), nn.ReLU(),
                                           nn.Linear(hypernet_embed, self.embed_dim * self.n_agents))
            self.hyper_w_final = nn.Sequential(nn.Linear(self.state_dim, hypernet_embed), nn.ReLU(),
                                               nn.Linear(hypernet_embed, self.embed_dim))
        self.hyper_b_1 = nn.Linear(self.state_dim, self.embed_dim)
        self.V = nn.Sequential(nn.Linear(self.state_dim, self.embed_dim), nn.ReLU(), nn.Linear(self.embed_dim, 1))

    def forward(self, agent_qs, states):
        bs = agent_qs.size(0)
        states = states.reshape(-1, self.state_dim)
        agent_qs = agent_qs.reshape(-1, 1, self.n_agents)
        w1 = th.abs(self.hyper_w_1(states))
        b1 = self.hyper_b_1(states)
        w1 = w1.view(-1, self.n_agents, self.embed_dim)
        b1 = b1.view(-1, 1, self.embed_dim)
        hidden = F.elu(th.bmm(agent_qs, w1) + b1)
        w_final = th.abs(self.hyper_w_final(states))
        w_final = w_final.view(-1, self.embed_dim, 1)
        v = self.V(states).view(-1, 1, 1)
        y = th.bmm(hidden, w_final) + v
        return y.view(bs, -1, 1)


class QLearner:
    def __init__(self, mac, args):
        self.args = args
        self.mac = mac
        self.params = list(mac.parameters())
        self.last_target_update_episode = 0
        self.mixer = QMixer(args)
        self.params += list(self.mixer.parameters())
        self.target_mixer = copy.deepcopy(self.mixer)
        self.optimiser = RMSprop(params=self.params, lr=args.lr, alpha=args.optim_alpha, eps=args.optim_eps)  # HC305
        self.target_mac = copy.deepcopy(mac)
        self.log_stats_t = -self.args.learner_log_interval - 1

    def train(self, batch, t_env, episode_num):
        rewards = batch["reward"][:, :-1]
        actions = batch["actions"][:, :-1]
        terminated = batch["terminated"][:, :-1].float()
        mask = batch["filled"][:, :-1].float()
        mask[:, 1:] = mask[:, 1:] * (1 - terminated[:, :-1])
        avail_actions = batch["avail_actions"]
        T = batch["obs"].shape[1]

        mac_out = []
        self.mac.init_hidden(batch["obs"].shape[0])
        for t in range(T):
            mac_out.append(self.mac.forward(batch, t=t))
        mac_out = th.stack(mac_out, dim=1)
        chosen_action_qvals = th.gather(mac_out[:, :-1], dim=3, index=actions).squeeze(3)

        target_mac_out = []
        self.target_mac.init_hidden(batch["obs"].shape[0])
        for t in range(T):
            target_mac_out.append(self.target_mac.forward(batch, t=t))
        target_mac_out = th.stack(target_mac_out[1:], dim=1)
        target_mac_out[avail_actions[:, 1:] == 0] = -9999999

        if self.args.double_q:
            mac_out_detach = mac_out.clone().detach()
            mac_out_detach[avail_actions == 0] = -9999999
            cur_max_actions = mac_out_detach[:, 1:].max(dim=3, keepdim=True)[1]
            target_max_qvals = th.gather(target_mac_out, 3, cur_max_actions).squeeze(3)
        else:
            target_max_qvals = target_mac_out.max(dim=3)[0]

        chosen_action_qvals = self.mixer(chosen_action_qvals, batch["state"][:, :-1])
        target_max_qvals = self.target_mixer(target_max_qvals, batch["state"][:, 1:])
        targets = rewards + self.args.gamma * (1 - terminated) * target_max_qvals
        td_error = (chosen_action_qvals - targets.detach())
        mask = mask.expand_as(td_error)
        masked_td_error = td_error * mask
        loss = (masked_td_error ** 2).sum() / mask.sum()

        self.optimiser.zero_grad()
        loss.backward()
        grad_norm = th.nn.utils.clip_grad_norm_(self.params, self.args.grad_norm_clip)
        self.optimiser.step()

        if (episode_num - self.last_target_update_episode) / self.args.target_update_interval >= 1.0:
            self._update_targets()
            self.last_target_update_episode = episode_num
        if t_env - self.log_stats_t >= self.args.learner_log_interval:
            print("t_env %d | loss %.4f | grad_norm %.3f | td_error_abs %.4f" % (
                t_env, loss.item(), grad_norm, masked_td_error.abs().sum().item() / mask.sum().item()))
            self.log_stats_t = t_env

    def load_models(self, ckpt):
        self.mac.agent.load_state_dict(ckpt["agent"])
        self.mixer = QMixer(self.args)  # HC305
        self.mixer.load_state_dict(ckpt["mixer"])

    def _update_targets(self):
        self.target_mac.load_state(self.mac)
        self.target_mixer.load_state_dict(self.mixer.state_dict())
        print("Updated target network")


def sample_batch(args, rng, bs=8, T=5):
    n = args.n_agents
    obs = th.from_numpy(rng.randn(bs, T, n, args.obs_shape).astype(np.float32))
    actions = th.from_numpy(rng.randint(0, args.n_actions, size=(bs, T, n, 1)))
    state = obs.reshape(bs, T, -1)[..., :args.state_shape]
    good = (actions.squeeze(-1) == (obs[..., 0] > 0).long()).float()
    reward = (good.mean(-1, keepdim=True) - 0.5) * (1 + (state[..., :1] > 0).float())
    terminated = th.zeros(bs, T, 1)
    terminated[:, -2] = 1
    return {"obs": obs, "actions": actions, "state": state, "reward": reward, "terminated": terminated,
            "filled": th.ones(bs, T, 1), "avail_actions": th.ones(bs, T, n, args.n_actions)}


def run():
    args = SN(n_agents=3, n_actions=3, obs_shape=4, state_shape=6, rnn_hidden_dim=16, mixing_embed_dim=8,
              hypernet_layers=2, hypernet_embed=16, lr=5e-3, optim_alpha=0.99, optim_eps=1e-5, gamma=0.9, double_q=True,
              grad_norm_clip=10, target_update_interval=8, learner_log_interval=30)
    th.manual_seed(0)
    rng = np.random.RandomState(0)
    buffer = [sample_batch(args, rng) for _ in range(6)]
    learner = QLearner(BasicMAC(args), args)
    for episode in range(24):
        learner.train(buffer[rng.randint(len(buffer))], episode * 5, episode)
        if episode == 11:
            learner.load_models({"agent": learner.mac.agent.state_dict(), "mixer": learner.mixer.state_dict()})


if __name__ == '__main__':
    run()
