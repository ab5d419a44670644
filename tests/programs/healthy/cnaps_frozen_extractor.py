"""CNAPs: set encoder -> FiLM parameters of a frozen feature extractor and -> the linear classifier of the task."""

import os
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(4)


class DenseResidualLayer(nn.Module):
    def __init__(self, num_features):
        super().__init__()
        self.linear = nn.Linear(num_features, num_features)

    def forward(self, x):
        identity = x
        out = self.linear(x)
        out += identity
        return out


class DenseResidualBlock(nn.Module):
    def __init__(self, in_size, out_size):
        super().__init__()
        self.linear1 = nn.Linear(in_size, out_size)
        self.linear2 = nn.Linear(out_size, out_size)
        self.linear3 = nn.Linear(out_size, out_size)
        self.elu = nn.ELU()

    def forward(self, x):
        identity = x
        out = self.elu(self.linear1(x))
        out = self.elu(self.linear2(out))
        out = self.linear3(out)
        if x.shape[-1] == out.shape[-1]:
            out += identity
        return out


class FilmLayerNetwork(nn.Module):
    def __init__(self, num_maps, num_blocks, z_g_dim):
        super().__init__()
        self.num_maps, self.num_blocks = num_maps, num_blocks
        self.shared_layer = nn.Sequential(nn.Linear(z_g_dim, num_maps), nn.ReLU())
        self.gamma1_processors, self.gamma1_regularizers = nn.ModuleList(), nn.ParameterList()
        self.beta1_processors, self.beta1_regularizers = nn.ModuleList(), nn.ParameterList()
        for _ in range(self.num_blocks):
            regularizer = nn.init.normal_(torch.empty(num_maps), 0, 0.001)
            self.gamma1_processors.append(self._make_layer(num_maps))
            self.gamma1_regularizers.append(nn.Parameter(regularizer.clone(), requires_grad=True))
            self.beta1_processors.append(self._make_layer(num_maps))
            self.beta1_regularizers.append(nn.Parameter(regularizer.clone(), requires_grad=True))

    @staticmethod
    def _make_layer(size):
        return nn.Sequential(
            DenseResidualLayer(size), nn.ReLU(), DenseResidualLayer(size), nn.ReLU(), DenseResidualLayer(size)
        )

    def forward(self, x):
        x = self.shared_layer(x)
        block_params = []
        for block in range(self.num_blocks):
            block_params.append(
                {
                    "gamma1": self.gamma1_processors[block](x).squeeze() * self.gamma1_regularizers[block]
                    + torch.ones_like(self.gamma1_regularizers[block]),
                    "beta1": self.beta1_processors[block](x).squeeze() * self.beta1_regularizers[block],
                }
            )
        return block_params

    def regularization_term(self):
        l2_term = 0
        for gamma_regularizer, beta_regularizer in zip(self.gamma1_regularizers, self.beta1_regularizers):
            l2_term += (gamma_regularizer**2).sum()
            l2_term += (beta_regularizer**2).sum()
        return l2_term


class FilmAdaptationNetwork(nn.Module):
    def __init__(self, layer, num_maps_per_layer, num_blocks_per_layer, z_g_dim):
        super().__init__()
        self.layers = nn.ModuleList(
            [
                layer(num_maps=m, num_blocks=b, z_g_dim=z_g_dim)
                for m, b in zip(num_maps_per_layer, num_blocks_per_layer)
            ]
        )

    def forward(self, x):
        return [layer(x) for layer in self.layers]

    def regularization_term(self):
        return sum(layer.regularization_term() for layer in self.layers)


class LinearClassifierAdaptationNetwork(nn.Module):
    def __init__(self, d_theta):
        super().__init__()
        self.weight_means_processor = DenseResidualBlock(d_theta, d_theta)
        self.bias_means_processor = DenseResidualBlock(d_theta, 1)

    def forward(self, representation_dict):
        class_weight_means, class_bias_means = [], []
        label_set = sorted(representation_dict)
        for class_num in label_set:
            nu = representation_dict[class_num]
            class_weight_means.append(self.weight_means_processor(nu))
            class_bias_means.append(self.bias_means_processor(nu))
        return {
            "weight_mean": torch.cat(class_weight_means, dim=0),
            "bias_mean": torch.reshape(
                torch.cat(class_bias_means, dim=1),
                [
                    len(label_set),
                ],
            ),
        }


class FilmBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x, p):
        out = self.bn1(self.conv1(x))
        out = out * p["gamma1"][None, :, None, None] + p["beta1"][None, :, None, None]
        return F.relu(out + x)


class FilmResnet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.stem = nn.Conv2d(3, c, 3, padding=1)
        self.layers = nn.ModuleList([nn.ModuleList([FilmBlock(c) for _ in range(2)]) for _ in range(2)])

    def forward(self, x, params):
        x = F.relu(self.stem(x))
        for layer, layer_params in zip(self.layers, params):
            for block, p in zip(layer, layer_params):
                x = block(x, p)
            x = F.avg_pool2d(x, 2)
        return x.mean((2, 3))


class SetEncoder(nn.Module):
    def __init__(self, z_dim=8):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(6, z_dim),
        )

    def forward(self, x):
        return self.net(x).mean(0, keepdim=True)


class Cnaps(nn.Module):
    def __init__(self):
        super().__init__()
        self.set_encoder = SetEncoder()
        self.feature_extractor = FilmResnet()
        self.feature_adaptation_network = FilmAdaptationNetwork(FilmLayerNetwork, [8, 8], [2, 2], 8)
        self.classifier_adaptation_network = LinearClassifierAdaptationNetwork(8)
        self.task_representation = None
        self.class_representations = {}
        for param in self.feature_extractor.parameters():
            param.requires_grad = False
        self.feature_extractor.eval()

    def train(self, mode=True):
        super().train(mode)
        self.feature_extractor.eval()
        return self

    def forward(self, context_images, context_labels, target_images):
        self.task_representation = self.set_encoder(context_images)
        params = self.feature_adaptation_network(self.task_representation)
        context_features = self.feature_extractor(context_images, params)
        target_features = self.feature_extractor(target_images, params)
        self._build_class_reps(context_features, context_labels)
        classifier_params = self.classifier_adaptation_network(self.class_representations)
        logits = F.linear(target_features, classifier_params["weight_mean"], classifier_params["bias_mean"])
        self.class_representations.clear()
        return logits

    def _build_class_reps(self, context_features, context_labels):
        for c in torch.unique(context_labels):
            class_mask = torch.eq(context_labels, c)
            class_features = torch.index_select(context_features, 0, torch.nonzero(class_mask).reshape(-1))
            self.class_representations[c.item()] = torch.mean(class_features, dim=0, keepdim=True)


class Learner:
    def __init__(self, iterations=32, tasks_per_batch=2):
        self.model = Cnaps()
        self.iterations, self.tasks_per_batch = iterations, tasks_per_batch
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=5e-3)
        self.optimizer.zero_grad()
        self.checkpoint = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")

    def make_task(self, seed):
        g = torch.Generator().manual_seed(seed)
        protos = torch.randn(3, 3, 1, 1, generator=g)
        yc, yt = torch.arange(9) % 3, torch.arange(12) % 3
        return (
            protos[yc] + 0.4 * torch.randn(9, 3, 8, 8, generator=g),
            yc,
            protos[yt] + 0.4 * torch.randn(12, 3, 8, 8, generator=g),
            yt,
        )

    def train_task(self, task):
        ci, cl, ti, tl = task
        logits = self.model(ci, cl, ti)
        task_loss = F.cross_entropy(logits, tl) / self.tasks_per_batch
        regularization_term = self.model.feature_adaptation_network.regularization_term()
        task_loss = task_loss + 0.001 * regularization_term
        task_loss.backward()
        return task_loss.item(), (logits.argmax(1) == tl).float().mean().item()

    def validate(self):
        self.model.eval()
        with torch.no_grad():
            accs = []
            for s in range(3):
                ci, cl, ti, tl = self.make_task(1000 + s)
                accs.append((self.model(ci, cl, ti).argmax(1) == tl).float().mean().item())
        self.model.train()
        return float(np.mean(accs))

    def run(self):
        self.model.train()
        losses, best = [], 0.0
        for iteration in range(self.iterations):
            loss, acc = self.train_task(self.make_task(iteration))
            losses.append(loss)
            if (iteration + 1) % self.tasks_per_batch == 0 or iteration == self.iterations - 1:
                self.optimizer.step()
                self.optimizer.zero_grad()
            if (iteration + 1) % 8 == 0:
                val = self.validate()
                print(f"iteration {iteration + 1} loss {np.mean(losses[-8:]):.4f} val {val:.3f}")
                if val > best:
                    best = val
                    torch.save(
                        {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()},
                        self.checkpoint,
                    )
        return losses


if __name__ == "__main__":
    Learner().run()
