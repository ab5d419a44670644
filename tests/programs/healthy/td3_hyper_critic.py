"""TD3 with a hypernetwork critic (HypeRL shape): Q_s(a), the weights of the action-value net are generated from the state."""

import argparse
import copy
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

device = torch.device("cpu")


class ResBlock(nn.Module):
    def __init__(self, in_size, out_size):
        super().__init__()
        self.fc = nn.Sequential(
            nn.ReLU(), nn.Linear(in_size, out_size), nn.ReLU(), nn.Linear(out_size, out_size)
        )

    def forward(self, x):
        return x + self.fc(x)


class Head(nn.Module):
    def __init__(self, latent_dim, output_dim_in, output_dim_out, sttdev):
        super().__init__()
        self.output_dim_in = output_dim_in
        self.output_dim_out = output_dim_out
        self.W1 = nn.Linear(latent_dim, output_dim_in * output_dim_out)
        self.b1 = nn.Linear(latent_dim, output_dim_out)
        self.s1 = nn.Linear(latent_dim, output_dim_out)
        self.init_layers(sttdev)

    def forward(self, x):
        w = self.W1(x).view(-1, self.output_dim_out, self.output_dim_in)
        b = self.b1(x).view(-1, self.output_dim_out, 1)
        s = 1.0 + self.s1(x).view(-1, self.output_dim_out, 1)
        return w, b, s

    def init_layers(self, stddev):
        for m in (self.W1, self.b1, self.s1):
            torch.nn.init.uniform_(m.weight, -stddev, stddev)
            torch.nn.init.zeros_(m.bias)


class Meta_Embadding(nn.Module):
    def __init__(self, meta_dim, z_dim):
        super().__init__()
        self.z_dim = z_dim
        self.hyper = nn.Sequential(
            nn.Linear(meta_dim, 24), ResBlock(24, 24), nn.Linear(24, z_dim), ResBlock(z_dim, z_dim)
        )
        self.init_layers()

    def forward(self, meta_v):
        return self.hyper(meta_v).view(-1, self.z_dim)

    def init_layers(self):
        for module in self.hyper.modules():
            if isinstance(module, nn.Linear):
                fan_in, _ = torch.nn.init._calculate_fan_in_and_fan_out(module.weight)
                bound = 1.0 / (2.0 * math.sqrt(fan_in))
                torch.nn.init.uniform_(module.weight, -bound, bound)


class Hyper_QNetwork(nn.Module):
    def __init__(self, meta_v_dim, base_v_dim, dynamic_layer=12, z_dim=32):
        super().__init__()
        self.hyper = Meta_Embadding(meta_v_dim, z_dim)
        self.layer1 = Head(z_dim, base_v_dim, dynamic_layer, sttdev=0.2)
        self.last_layer = Head(z_dim, dynamic_layer, 1, sttdev=0.1)

    def forward(self, meta_v, base_v):
        z = self.hyper(meta_v)
        w1, b1, s1 = self.layer1(z)
        w2, b2, s2 = self.last_layer(z)
        out = F.relu(torch.bmm(w1, base_v.unsqueeze(2)) * s1 + b1)
        out = torch.bmm(w2, out) * s2 + b2
        return out.view(-1, 1)


class Hyper_Critic(nn.Module):
    def __init__(self, state_dim, action_dim):
        super().__init__()
        self.q1 = Hyper_QNetwork(state_dim, action_dim)
        self.q2 = Hyper_QNetwork(state_dim, action_dim)

    def forward(self, state, action):
        return self.q1(state, action), self.q2(state, action)

    def Q1(self, state, action):
        return self.q1(state, action)


class Actor(nn.Module):
    def __init__(self, state_dim, action_dim, max_action):
        super().__init__()
        self.l1 = nn.Linear(state_dim, 24)
        self.l2 = nn.Linear(24, action_dim)
        self.max_action = max_action

    def forward(self, state):
        return self.max_action * torch.tanh(self.l2(F.relu(self.l1(state))))


class ReplayBuffer:
    def __init__(self, state_dim, action_dim, n=256):
        self.s = torch.randn(n, state_dim)
        self.a = torch.rand(n, action_dim) * 2 - 1
        self.s2 = 0.9 * self.s + 0.1 * torch.randn(n, state_dim)
        self.r = 1 - ((self.a - torch.tanh(self.s[:, :action_dim])) ** 2).mean(1, keepdim=True)
        self.nd = (torch.rand(n, 1) > 0.3).float()

    def sample(self, batch_size):
        i = torch.randint(len(self.s), (batch_size,))
        return self.s[i], self.a[i], self.s2[i], self.r[i], self.nd[i]


class TD3:
    def __init__(
        self,
        state_dim,
        action_dim,
        max_action,
        discount=0.5,
        tau=0.05,
        policy_noise=0.2,
        noise_clip=0.5,
        policy_freq=2,
        hyper_lr=3e-3,
        policy_lr=3e-3,
    ):
        self.actor = Actor(state_dim, action_dim, max_action).to(device)
        self.actor_target = copy.deepcopy(self.actor)
        self.actor_optimizer = torch.optim.Adam(self.actor.parameters(), lr=policy_lr)
        self.critic = Hyper_Critic(state_dim, action_dim).to(device)
        self.critic_target = Hyper_Critic(state_dim, action_dim).to(device)
        self.copy_params(self.critic_target, self.critic)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), lr=hyper_lr)
        self.max_action, self.discount, self.tau = max_action, discount, tau
        self.policy_noise, self.noise_clip, self.policy_freq = policy_noise, noise_clip, policy_freq
        self.total_it = 0
        self.logger = {"loss1": [], "q1": []}

    def train(self, replay_buffer, batch_size=32):
        self.total_it += 1
        state, action, next_state, reward, not_done = replay_buffer.sample(batch_size)
        with torch.no_grad():
            noise = (torch.randn_like(action) * self.policy_noise).clamp(-self.noise_clip, self.noise_clip)
            next_action = (self.actor_target(next_state) + noise).clamp(-self.max_action, self.max_action)
            target_Q1, target_Q2 = self.critic_target(next_state, next_action)
            target_Q = torch.min(target_Q1, target_Q2)
            target_Q = reward + not_done * self.discount * target_Q
        current_Q1, current_Q2 = self.critic(state, action)
        loss1 = F.mse_loss(current_Q1, target_Q)
        loss2 = F.mse_loss(current_Q2, target_Q)
        self.logger["loss1"].append(loss1.item())
        critic_loss = loss1 + loss2
        self.critic_optimizer.zero_grad()
        critic_loss.backward()
        self.critic_optimizer.step()

        if self.total_it % self.policy_freq == 0:
            actor_loss = -self.critic.Q1(state, self.actor(state)).mean()
            self.logger["q1"].append(actor_loss.item())
            self.actor_optimizer.zero_grad()
            self.disable_gradients()
            actor_loss.backward()
            self.enable_gradients()
            self.actor_optimizer.step()
            for param, target_param in zip(self.actor.parameters(), self.actor_target.parameters()):
                target_param.data.copy_(self.tau * param.data + (1 - self.tau) * target_param.data)
            for param, target_param in zip(self.critic.parameters(), self.critic_target.parameters()):
                target_param.data.copy_(self.tau * param.data + (1 - self.tau) * target_param.data)

    def disable_gradients(self):
        for p in self.critic.parameters():
            p.requires_grad = False

    def enable_gradients(self):
        for p in self.critic.parameters():
            p.requires_grad = True

    def copy_params(self, target, source):
        for target_param, param in zip(target.parameters(), source.parameters()):
            target_param.data.copy_(param.data)


def eval_policy(policy, buffer):
    with torch.no_grad():
        a = policy.actor(buffer.s)
        return (1 - ((a - torch.tanh(buffer.s[:, : a.shape[1]])) ** 2).mean(1)).mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--max_timesteps", default=32, type=int)
    parser.add_argument("--eval_freq", default=8, type=int)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)
    replay_buffer = ReplayBuffer(5, 2)
    policy = TD3(5, 2, 1.0)
    for t in range(args.max_timesteps):
        policy.train(replay_buffer)
        if (t + 1) % args.eval_freq == 0:
            print(
                "T %d critic loss %.4f eval reward %.4f"
                % (
                    t + 1,
                    np.mean(policy.logger["loss1"][-args.eval_freq :]),
                    eval_policy(policy, replay_buffer),
                )
            )
