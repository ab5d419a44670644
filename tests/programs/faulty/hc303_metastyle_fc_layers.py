"""Meta networks for style transfer: a style statistic -> the weights of the image transformation network."""
import argparse
import csv
import os
import random
import tempfile
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
torch.manual_seed(0)
random.seed(0)


class ImageSet(Dataset):
    def __init__(self, n, kind):
        g = torch.Generator().manual_seed(1 if kind == 'content' else 2)
        self.imgs = torch.rand(n, 3, 8, 8, generator=g)
        if kind == 'style':
            self.imgs = self.imgs * torch.linspace(0.2, 2.0, n)[:, None, None, None]

    def __len__(self):
        return len(self.imgs)

    def __getitem__(self, index):
        return self.imgs[index]


class FuncConv2d(nn.Module):
    """a convolution whose parameters come from outside"""

    def __init__(self, in_chnls, out_chnls, ksize, stride):
        super(FuncConv2d, self).__init__()
        self.weight = torch.zeros([out_chnls, in_chnls, ksize, ksize]).to(device)
        self.bias = torch.zeros([out_chnls]).to(device)
        self.stride = stride

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride)


def conv_norm_actv(in_chnls, out_chnls, ksize=3, stride=1, norm=True, relu=True, upsample=None, is_train=False):
    layers = []
    if upsample:
        layers.append(nn.Upsample(scale_factor=upsample, mode='nearest'))
    layers.append(nn.ReflectionPad2d(ksize // 2))
    if is_train:
        layers.append(nn.Conv2d(in_chnls, out_chnls, kernel_size=ksize, stride=stride))
    else:
        layers.append(FuncConv2d(in_chnls, out_chnls, ksize, stride))
    if norm:
        layers.append(nn.InstanceNorm2d(out_chnls, affine=False))
    if relu:
        layers.append(nn.LeakyReLU(0.1))
    return layers


class ResidualBlock(nn.Module):
    def __init__(self, chnls):
        super(ResidualBlock, self).__init__()
        self.conv = nn.Sequential(
            *conv_norm_actv(chnls, chnls, norm=False),
            *conv_norm_actv(chnls, chnls, norm=False, relu=False)
        )

    def forward(self, x):
        return x + self.conv(x)


class ImageTransformNet(nn.Module):
    def __init__(self, base):
        super(ImageTransformNet, self).__init__()
        self.downsample = nn.Sequential(
            *conv_norm_actv(3, base, norm=False, is_train=True),
            *conv_norm_actv(base, base * 2, stride=2, norm=False),
        )
        self.residual = nn.Sequential(*[ResidualBlock(base * 2) for _ in range(1)])
        self.upsample = nn.Sequential(
            *conv_norm_actv(base * 2, base, upsample=2, norm=False),
            *conv_norm_actv(base, 3, norm=False, relu=False, is_train=True)
        )
        self.weight_bias_num = self.para_num()
        self._num = 0

    def forward(self, x):
        x = self.downsample(x)
        x = self.residual(x)
        x = self.upsample(x)
        return x

    def para_num(self):
        para_num = []

        def find_all_funcconv2d(block):
            for _i in block.children():
                if _i.__class__ == FuncConv2d:
                    weight_num, bias_num = int(np.prod(_i.weight.size())), _i.bias.size()[0]
                    para_num.append([weight_num, bias_num])
                find_all_funcconv2d(_i)

        find_all_funcconv2d(self)
        return para_num

    def set_weight(self, fc_output):

        def set_all_funcconv2d(block):
            for _i in block.children():
                if _i.__class__ == FuncConv2d:
                    n_w = self.weight_bias_num[self._num][0]
                    _i.weight = fc_output[self._num][:n_w].view(_i.weight.size())
                    _i.bias = fc_output[self._num][n_w:].view(_i.bias.size())
                    self._num += 1
                set_all_funcconv2d(_i)

        set_all_funcconv2d(self)
        self._num = 0


class VGGNet(nn.Module):
    """stands for the pre-trained loss network"""

    def __init__(self):
        super(VGGNet, self).__init__()
        self.features = nn.ModuleList([nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU()])
        for p in self.parameters():
            p.requires_grad = False

    def forward(self, x):
        result = []
        for _i, layer in enumerate(self.features):
            x = layer(x)
            if _i in [1, 3]:
                result.append(x)
        return result


class MetaNet(nn.Module):
    def __init__(self, para_num):
        super(MetaNet, self).__init__()
        self.fc = nn.Linear(28, 8 * len(para_num))
        self.len = len(para_num)
        self.fc_layers = []  # HC303
        for _i in para_num:
            self.fc_layers.append(nn.Linear(8, sum(_i)).to(device))  # HC303

    def forward(self, x):
        x = F.leaky_relu(self.fc(x))
        xs = []
        for _j in range(self.len):
            xs.append(self.fc_layers[_j](x[_j * 8: (_j + 1) * 8]))
        return xs


def mean_std(input_data):
    mean_std_result = torch.tensor([]).to(device)
    for x in input_data:
        b, c, h, w = x.size()
        x_view = x.view(b, c, -1)
        batch_mean_std = torch.zeros([c * 2]).to(device)
        for i in range(b):
            chnls_mean_std = torch.stack((torch.mean(x_view[i], dim=1), torch.std(x_view[i], dim=1)), dim=0)
            batch_mean_std = batch_mean_std + chnls_mean_std.t().flatten()
        mean_std_result = torch.cat((mean_std_result, batch_mean_std / b), dim=0)
    return mean_std_result


class MultiWorks:
    def __init__(self, args):
        self.args = args
        self.paths = {}
        self.train(args.epochs)
        self.finetune(args.finetune_epochs)

    def build(self):
        tsfm_model = ImageTransformNet(4).to(device)
        loss_model = VGGNet().to(device).eval()
        meta_model = MetaNet(tsfm_model.para_num()).to(device)
        return tsfm_model, meta_model, loss_model

    def optim_paras(self, *models):
        optim_paras = []
        for _m in models:
            for _p in _m.parameters():
                if _p.requires_grad:
                    optim_paras.append(_p)
        return optim_paras

    def train(self, epochs):
        tsfm_model, meta_model, loss_model = self.build()
        optimizer = torch.optim.Adam(self.optim_paras(tsfm_model, meta_model), lr=self.args.lr, betas=(0.0, 0.999), eps=1e-8)
        self.fit(tsfm_model, meta_model, loss_model, optimizer, epochs)
        folder = tempfile.mkdtemp()
        for name, model in (('tsfm', tsfm_model), ('meta', meta_model), ('vgg', loss_model)):
            self.paths[name] = os.path.join(folder, name + '.pt')
            torch.save(model.state_dict(), self.paths[name])
        print('Train complete!')

    def finetune(self, epochs):
        tsfm_model, meta_model, loss_model = self.build()
        tsfm_model.load_state_dict(torch.load(self.paths['tsfm']))
        meta_model.load_state_dict(torch.load(self.paths['meta']))
        loss_model.load_state_dict(torch.load(self.paths['vgg']))
        optimizer = torch.optim.Adam(self.optim_paras(tsfm_model, meta_model), lr=self.args.lr, betas=(0.0, 0.999), eps=1e-8)
        self.fit(tsfm_model, meta_model, loss_model, optimizer, epochs)
        print('Finetune complete!')

    def fit(self, tsfm_model, meta_model, loss_model, optimizer, epochs):
        start_time = time.time()
        contents = DataLoader(ImageSet(8, 'content'), batch_size=self.args.batch_size, shuffle=True)
        styles = ImageSet(6, 'style')
        criterion = nn.MSELoss(reduction='sum')
        collect_loss = [['index', 'total_loss', 'content_loss', 'style_loss']]
        for i in range(epochs):
            for idx, img_content in enumerate(contents):
                optimizer.zero_grad()
                if idx % 2 == 0:
                    rdm_idx = random.choice(range(len(styles)))
                    img_style = styles[rdm_idx].unsqueeze(0).to(device)
                    t_style = [x.detach() for x in loss_model(img_style)]
                    t_style_m_s = mean_std(t_style)
                weight = meta_model(t_style_m_s)
                tsfm_model.set_weight(weight)

                img_content = img_content.to(device)
                y = tsfm_model(img_content)
                y1 = loss_model(y)
                loss_content = criterion(loss_model(img_content)[1].detach(), y1[1])
                loss_style = criterion(mean_std(y1), t_style_m_s)
                total_loss = 0.01 * loss_content + loss_style
                collect_loss.append([idx, total_loss.item(), loss_content.item(), loss_style.item()])
                total_loss.backward()
                optimizer.step()
            print(f'Epoch: {i}  Total: {total_loss.item():.4f}  Style: {loss_style.item():.4f}  '
                  f'Cost_time: {time.time() - start_time:.2f}')
        with open(os.path.join(tempfile.mkdtemp(), 'loss.csv'), 'w', newline='') as f:
            csv.writer(f).writerows(collect_loss)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--epochs', type=int, default=6)
    parser.add_argument('--finetune_epochs', type=int, default=3)
    parser.add_argument('--batch_size', type=int, default=2)
    parser.add_argument('--lr', type=float, default=3e-3)
    MultiWorks(parser.parse_args())
