"""HyperFormer++ shape: one shared hypernet makes the adapters of every layer from (task, layer id, block type) embeddings."""
from dataclasses import dataclass, field
from typing import List

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(11)


@dataclass
class MetaAdapterConfig:
    tasks: List[str] = field(default_factory=lambda: ['mnli', 'cola', 'sst2'])
    input_dim: int = 12
    reduction_factor: int = 3
    task_embedding_dim: int = 6
    projected_task_embedding_dim: int = 8
    task_hidden_dim: int = 10
    num_layers: int = 2
    add_layer_norm_before_adapter: bool = False
    add_layer_norm_after_adapter: bool = True
    unique_hyper_net_layer_norm: bool = True
    train_task_embeddings: bool = False
    freeze_model: bool = True
    learning_rate: float = 3e-3
    warmup_steps: int = 3
    max_steps: int = 24
    max_grad_norm: float = 1.0


@dataclass
class SamplerOutput:
    weight: torch.Tensor = None
    bias: torch.Tensor = None


@dataclass
class AdapterOutput:
    up: SamplerOutput = None
    down: SamplerOutput = None
    post_norm: SamplerOutput = None


def linear_layer(input_dim, output_dim, std=1e-2):
    linear = nn.Linear(input_dim, output_dim)
    nn.init.normal_(linear.weight, std=std)
    nn.init.zeros_(linear.bias)
    return linear


class TaskEmbeddingController(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.task_to_embeddings = nn.ParameterDict()
        for task in config.tasks:
            self.task_to_embeddings[task] = nn.Parameter(torch.randn(config.task_embedding_dim))

    def forward(self, task):
        return self.task_to_embeddings[task]


class TaskHyperNet(nn.Module):
    def __init__(self, config, in_dim):
        super().__init__()
        self.task_embeding_generator = nn.Sequential(
            linear_layer(in_dim, config.task_hidden_dim, std=0.3), nn.ReLU(),
            linear_layer(config.task_hidden_dim, config.projected_task_embedding_dim, std=0.3))

    def forward(self, task_embedding):
        return self.task_embeding_generator(task_embedding.view(-1)).view(-1)


class AdapterLayersHyperNet(nn.Module):
    def __init__(self, config, input_dim, output_dim):
        super().__init__()
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.weight_generator = nn.Sequential(linear_layer(config.projected_task_embedding_dim, input_dim * output_dim, std=0.1))
        self.bias_generator = nn.Sequential(linear_layer(config.projected_task_embedding_dim, input_dim, std=0.1))

    def forward(self, embeddings):
        weight = self.weight_generator(embeddings).view(self.input_dim, self.output_dim)
        bias = self.bias_generator(embeddings).view(-1)
        return SamplerOutput(weight=weight, bias=bias)


class LayerNormHyperNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.weight_generator = linear_layer(config.projected_task_embedding_dim, config.input_dim)
        self.bias_generator = linear_layer(config.projected_task_embedding_dim, config.input_dim)
        nn.init.ones_(self.weight_generator.bias)

    def forward(self, x):
        return self.weight_generator(x), self.bias_generator(x)


class AdapterLayersOneHyperNetController(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer_id_embeddings = nn.Embedding(config.num_layers, config.task_embedding_dim)
        self.adapters_block_type = nn.Embedding(2, config.task_embedding_dim)
        self.task_hypernet = TaskHyperNet(config, config.task_embedding_dim * 3)
        self.unique_hyper_net_layer_norm = config.unique_hyper_net_layer_norm
        if self.unique_hyper_net_layer_norm:
            self.LayerNorm = nn.LayerNorm(config.projected_task_embedding_dim, eps=1e-6)
        down = config.input_dim // config.reduction_factor
        self.up_sampler_hyper_net = AdapterLayersHyperNet(config, config.input_dim, down)
        self.down_sampler_hyper_net = AdapterLayersHyperNet(config, down, config.input_dim)
        self.add_layer_norm_after_adapter = config.add_layer_norm_after_adapter
        if self.add_layer_norm_after_adapter:
            self.post_layernorm_hypernet = LayerNormHyperNet(config)

    def get_embedding(self, task_embedding, layer_id, block_type):
        layer_id_tensor = torch.tensor([layer_id], dtype=torch.long)
        layer_embedding = self.layer_id_embeddings(layer_id_tensor)
        type_id_tensor = torch.tensor([block_type], dtype=torch.long)
        type_embedding = self.adapters_block_type(type_id_tensor)
        embeddings = torch.cat([task_embedding.view(1, -1), layer_embedding.view(1, -1), type_embedding.view(1, -1)], axis=0)
        embeddings = self.task_hypernet(embeddings.view(-1))
        if self.unique_hyper_net_layer_norm:
            embeddings = self.LayerNorm(embeddings)
        return embeddings

    def generate(self, embeddings):
        output = AdapterOutput(up=self.up_sampler_hyper_net(embeddings), down=self.down_sampler_hyper_net(embeddings))
        if self.add_layer_norm_after_adapter:
            weight, bias = self.post_layernorm_hypernet(embeddings)
            output.post_norm = SamplerOutput(weight=weight, bias=bias)
        return output

    def forward(self, task_embedding, layer_id):
        feed_forward = self.generate(self.get_embedding(task_embedding, layer_id, 0))  # HC604
        self_attention = self.generate(self.get_embedding(task_embedding, layer_id, 0))  # HC604
        return feed_forward, self_attention


class MetaLayersAdapterController(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_dim = config.input_dim
        self.add_layer_norm_after_adapter = config.add_layer_norm_after_adapter

    def call_adapter(self, inputs, adapter_weights):
        down = F.linear(inputs, weight=adapter_weights.down.weight, bias=adapter_weights.down.bias)
        middle = F.gelu(down)
        return F.linear(middle, weight=adapter_weights.up.weight, bias=adapter_weights.up.bias)

    def forward(self, inputs, adapter_weights):
        outputs = self.call_adapter(inputs, adapter_weights)
        if self.add_layer_norm_after_adapter:
            norm = adapter_weights.post_norm
            outputs = F.layer_norm(outputs, (self.input_dim,), weight=norm.weight, bias=norm.bias)
        return outputs + inputs


class T5Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        d = config.input_dim
        self.attn = nn.MultiheadAttention(d, 2, batch_first=True)
        self.wi, self.wo = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn_adapter = MetaLayersAdapterController(config)
        self.ff_adapter = MetaLayersAdapterController(config)

    def forward(self, x, feed_forward, self_attention):
        h = self.norm1(x)
        h, _ = self.attn(h, h, h, need_weights=False)
        x = x + self.attn_adapter(h, self_attention)
        h = self.wo(F.relu(self.wi(self.norm2(x))))
        return x + self.ff_adapter(h, feed_forward)


class T5ForTasks(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.shared = nn.Embedding(20, config.input_dim)
        self.block = nn.ModuleList([T5Layer(config) for _ in range(config.num_layers)])
        self.final_layer_norm = nn.LayerNorm(config.input_dim)
        self.lm_head = nn.Linear(config.input_dim, 4)
        self.task_embedding_controller = TaskEmbeddingController(config)
        self.adapter_layers_hyper_net = AdapterLayersOneHyperNetController(config)

    def forward(self, ids, task):
        x = self.shared(ids)
        task_embedding = self.task_embedding_controller(task)
        for i, layer in enumerate(self.block):
            feed_forward, self_attention = self.adapter_layers_hyper_net(task_embedding, i)
            x = layer(x, feed_forward, self_attention)
        return self.lm_head(self.final_layer_norm(x).mean(1))


def freeze_model_params(model, config):
    """everything but the hyper-network, the task embeddings and the layer norms"""
    for name, param in model.named_parameters():
        if 'adapter_layers_hyper_net' in name or 'task_embedding_controller' in name or 'norm' in name:
            continue
        param.requires_grad = False


class T5Trainer:
    def __init__(self, model, config):
        self.model, self.config = model, config
        self.create_optimizer_and_scheduler()
        self.data = {task: self.make_data(k) for k, task in enumerate(config.tasks)}

    def create_optimizer_and_scheduler(self):
        no_decay = ['bias', 'LayerNorm.weight']
        named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        groups = [
            {'params': [p for n, p in named if not any(nd in n for nd in no_decay)], 'weight_decay': 0.01},
            {'params': [p for n, p in named if any(nd in n for nd in no_decay)], 'weight_decay': 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=self.config.learning_rate)
        warm = self.config.warmup_steps
        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda s: s / warm if s < warm else max(0.0, (self.config.max_steps - s) / (self.config.max_steps - warm)))

    def make_data(self, k):
        g = torch.Generator().manual_seed(k)
        ids = torch.randint(0, 20, (32, 5), generator=g)
        return ids, (ids.sum(1) * (k + 1) + k) % 4

    def training_step(self, task, inputs, labels):
        self.model.train()
        loss = F.cross_entropy(self.model(inputs, task), labels)
        loss.backward()
        return loss.detach()

    def train(self):
        tr_loss, losses = torch.tensor(0.0), []
        self.model.zero_grad()
        for step in range(self.config.max_steps):
            task = self.config.tasks[step % len(self.config.tasks)]
            inputs, labels = self.data[task]
            loss = self.training_step(task, inputs, labels)
            tr_loss += loss
            losses.append(loss.item())
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_grad_norm)
            self.optimizer.step()
            self.lr_scheduler.step()
            self.model.zero_grad()
            if (step + 1) % 6 == 0:
                print({'step': step + 1, 'loss': round(tr_loss.item() / 6, 4), 'lr': self.lr_scheduler.get_last_lr()[0]})
                tr_loss -= tr_loss
        return losses

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        return {t: (self.model(x, t).argmax(1) == y).float().mean().item() for t, (x, y) in self.data.items()}


def main():
    config = MetaAdapterConfig()
    model = T5ForTasks(config)
    if config.freeze_model:
        freeze_model_params(model, config)
    trainer = T5Trainer(model, config)
    print('trainable', sum(p.numel() for p in model.parameters() if p.requires_grad))
    losses = trainer.train()
    print('first', round(sum(losses[:3]) / 3, 3), 'last', round(sum(losses[-3:]) / 3, 3), trainer.evaluate())


if __name__ == '__main__':
    main()
