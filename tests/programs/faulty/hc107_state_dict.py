import torch
import torch.nn as nn
import torch.nn.functional as F

device = "cuda" if torch.cuda.is_available() else "cpu"


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(8, 6)
        self.fc2 = nn.Linear(6, 3)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return self.fc2(x)


class HyperNet(nn.Module):
    def __init__(self, net, z_dim=4):
        super(HyperNet, self).__init__()
        self.z = nn.Parameter(torch.randn(1, z_dim))
        self.shapes = {k: v.size() for k, v in net.state_dict().items()}
        self.fc = nn.Linear(z_dim, 10)
        self.out = nn.ModuleList([nn.Linear(10, s.numel()) for s in self.shapes.values()])

    def forward(self):
        h = torch.relu(self.fc(self.z))
        return {k: o(h).view(s) for o, (k, s) in zip(self.out, self.shapes.items())}


torch.manual_seed(0)
net = Net().to(device)
hyper = HyperNet(net).to(device)
optimizer = torch.optim.Adam(hyper.parameters(), lr=0.001)
criterion = nn.CrossEntropyLoss()

for epoch in range(6):
    inputs = torch.randn(32, 8, device=device)
    labels = inputs[:, :3].argmax(1)
    weights = hyper()
    net.load_state_dict(weights)  # HC107
    optimizer.zero_grad()
    loss = criterion(net(inputs), labels)
    loss.backward()
    optimizer.step()
    print("Epoch: {} Loss: {:.4f}".format(epoch, loss.item()))
