"""DQN with a periodically synchronised target network (no hypernetwork)."""

import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)
Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
make = lambda: nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 3))
policy_net, target_net = make(), make()
target_net.load_state_dict(policy_net.state_dict())
target_net.eval()
optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-3, amsgrad=True)
memory = deque(maxlen=1000)


def optimize_model(batch_size=32, gamma=0.9):
    batch = Transition(*zip(*random.sample(memory, batch_size)))
    s, a, r = torch.stack(batch.state), torch.cat(batch.action), torch.cat(batch.reward)
    non_final = torch.tensor([n is not None for n in batch.next_state])
    nxt = torch.stack([n for n in batch.next_state if n is not None])
    q = policy_net(s).gather(1, a)
    v = torch.zeros(batch_size)
    with torch.no_grad():
        v[non_final] = target_net(nxt).max(1).values
    loss = F.smooth_l1_loss(q, (v * gamma + r).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    return loss.item()


state = torch.randn(4)
for t in range(72):
    with torch.no_grad():
        a = (
            policy_net(state).argmax().view(1, 1)
            if random.random() > 0.5
            else torch.tensor([[random.randrange(3)]])
        )
    nxt = torch.randn(4) if random.random() > 0.1 else None
    memory.append(Transition(state, a, nxt, torch.tensor([float(a.item() == state[:3].argmax())])))
    state = nxt if nxt is not None else torch.randn(4)
    if t >= 64:
        print(t, optimize_model())
    if t % 4 == 0:
        target_net.load_state_dict(policy_net.state_dict())
