"""PPO with a hypernetwork policy: the task embedding generates the actor's weights, the critic is a plain MLP."""

import argparse
from collections import deque

import numpy as np
import torch
import torch.nn as nn
from torch.distributions import Normal


def layer_init(layer, std=np.sqrt(2), bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


class HyperActor(nn.Module):
    def __init__(self, n_tasks, obs_dim, act_dim, hid=12, emb=6):
        super().__init__()
        self.obs_dim, self.act_dim, self.hid = obs_dim, act_dim, hid
        self.task_emb = nn.Embedding(n_tasks, emb)
        self.body = nn.Sequential(
            layer_init(nn.Linear(emb, 32)), nn.Tanh(), layer_init(nn.Linear(32, 32)), nn.Tanh()
        )
        self.w1 = layer_init(nn.Linear(32, hid * obs_dim), std=0.5)
        self.b1 = layer_init(nn.Linear(32, hid), std=0.1)
        self.w2 = layer_init(nn.Linear(32, act_dim * hid), std=0.3)
        self.b2 = layer_init(nn.Linear(32, act_dim), std=0.01)
        self.log_std = nn.Parameter(-0.5 * torch.ones(act_dim))

    def generate(self, task):
        z = self.body(self.task_emb(task))
        return (
            self.w1(z).view(-1, self.hid, self.obs_dim),
            self.b1(z).view(-1, self.hid, 1),
            self.w2(z).view(-1, self.act_dim, self.hid),
            self.b2(z).view(-1, self.act_dim, 1),
        )

    def forward(self, obs, task):
        w1, b1, w2, b2 = self.generate(task)
        h = torch.tanh(torch.bmm(w1, obs.unsqueeze(-1)) + b1)
        mean = (torch.bmm(w2, h) + b2).squeeze(-1)
        return Normal(mean, self.log_std.exp().expand_as(mean))


class Critic(nn.Module):
    def __init__(self, obs_dim, n_tasks):
        super().__init__()
        self.n_tasks = n_tasks
        self.net = nn.Sequential(
            layer_init(nn.Linear(obs_dim + n_tasks, 32)), nn.Tanh(), layer_init(nn.Linear(32, 1), std=1.0)
        )

    def forward(self, obs, task):
        return self.net(torch.cat([obs, nn.functional.one_hot(task, self.n_tasks).float()], -1)).squeeze(-1)


class Agent(nn.Module):
    def __init__(self, n_tasks, obs_dim, act_dim):
        super().__init__()
        self.actor = HyperActor(n_tasks, obs_dim, act_dim)
        self.critic = Critic(obs_dim, n_tasks)

    def get_action_and_value(self, obs, task, action=None):
        dist = self.actor(obs, task)
        if action is None:
            action = dist.sample()
        return action, dist.log_prob(action).sum(-1), dist.entropy().sum(-1), self.critic(obs, task)


class ReachEnv:
    def __init__(self, n_tasks, num_envs, rng):
        self.rng, self.num_envs, self.n_tasks = rng, num_envs, n_tasks
        self.mats = torch.from_numpy(rng.randn(n_tasks, 2, 4).astype(np.float32)) * 0.5
        self.task = torch.arange(num_envs) % n_tasks

    def reset(self):
        self.obs = torch.from_numpy(self.rng.randn(self.num_envs, 4).astype(np.float32))
        return self.obs

    def step(self, action):
        goal = torch.bmm(self.mats[self.task], self.obs.unsqueeze(-1)).squeeze(-1)
        reward = 1 - ((action - goal) ** 2).mean(-1)
        return self.reset(), reward


def train(args):
    torch.manual_seed(args.seed)
    rng = np.random.RandomState(args.seed)
    envs = ReachEnv(3, args.num_envs, rng)
    agent = Agent(3, 4, 2)
    optimizer = torch.optim.Adam(agent.parameters(), lr=args.lr, eps=1e-5)
    returns_log = deque(maxlen=10)
    obs = envs.reset()
    for update in range(1, args.num_updates + 1):
        frac = 1.0 - (update - 1.0) / args.num_updates
        optimizer.param_groups[0]["lr"] = frac * args.lr
        store = {k: [] for k in ("obs", "act", "logp", "rew", "val")}
        for step in range(args.num_steps):
            with torch.no_grad():
                action, logp, _, value = agent.get_action_and_value(obs, envs.task)
            next_obs, reward = envs.step(action)
            for k, v in zip(store, (obs, action, logp, reward, value)):
                store[k].append(v)
            obs = next_obs
        b = {k: torch.cat(v) for k, v in store.items()}
        b_task = envs.task.repeat(args.num_steps)
        b_ret = b["rew"]
        b_adv = b_ret - b["val"]
        returns_log.append(b_ret.mean().item())
        inds = np.arange(len(b_task))
        for epoch in range(args.update_epochs):
            rng.shuffle(inds)
            for start in range(0, len(inds), args.minibatch):
                mb = torch.from_numpy(inds[start : start + args.minibatch])
                _, newlogp, entropy, newvalue = agent.get_action_and_value(
                    b["obs"][mb], b_task[mb], b["act"][mb]
                )
                ratio = (newlogp - b["logp"][mb]).exp()
                adv = b_adv[mb]
                adv = (adv - adv.mean()) / (adv.std() + 1e-8)
                pg_loss = torch.max(
                    -adv * ratio, -adv * torch.clamp(ratio, 1 - args.clip, 1 + args.clip)
                ).mean()
                v_loss = 0.5 * ((newvalue - b_ret[mb]) ** 2).mean()
                loss = pg_loss - args.ent_coef * entropy.mean() + args.vf_coef * v_loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
                optimizer.step()
        print(
            "update %d return %.4f v_loss %.4f std %.3f"
            % (update, returns_log[-1], v_loss.item(), agent.actor.log_std.exp().mean().item())
        )


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--num-envs", type=int, default=12)
    p.add_argument("--num-steps", type=int, default=8)
    p.add_argument("--num-updates", type=int, default=5)
    p.add_argument("--update-epochs", type=int, default=3)
    p.add_argument("--minibatch", type=int, default=48)
    p.add_argument("--lr", type=float, default=6e-3)
    p.add_argument("--clip", type=float, default=0.2)
    p.add_argument("--ent-coef", type=float, default=0.0)
    p.add_argument("--vf-coef", type=float, default=0.5)
    p.add_argument("--max-grad-norm", type=float, default=0.5)
    train(p.parse_args())
