"""The name of a backbone in; a network out: crop -> body vector, identities, attributes.

Pooled by generalised mean or average, projected, and normalised by a batch-norm "neck": the triplet
loss sees the vector before the neck, the classifier and the product see it after. A palette of the
crop's colors may stand beside the pooled features.

Source: [zhou2019osnet], [sandler2018mobilenetv2], [he2016resnet], [luo2019bag], [radenovic2019gem]
Source: [jia2019dualnorm], [wang2017normface], [wortsman2022wiseft]
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.errors import BadInput
from core.recipes.palette import Palette
from core.recipes.recipe import MOBILENETS, OSNETS

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, in shares of 255
STD = (0.229, 0.224, 0.225)
_ANEW = ("backbone.", "classify.")  # loaded by the names of others; identities of its own run
_LAST_STAGE = 14  # MobileNetV2's block with the last stride of 2
# DualNorm: {MobileNetV2's first blocks: their channels}, each followed by an instance norm.
_EARLY = {1: 16, 2: 24, 3: 24, 4: 32, 5: 32, 6: 32}


class Backbone(nn.Module):
    """Crop (B,3,H,W) -> feature map (B,C,h,w). The names of its weights are the publishers'."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.net: Any
        if name in OSNETS:
            self.net = _osnet(name)
        elif name in MOBILENETS:
            from torchvision.models import mobilenet_v2

            self.net = nn.Module()
            self.net.features = mobilenet_v2(weights=None).features
        else:
            self.net = _resnet50()
        self.name = name
        # Beside `net`, whose names are the publishers': weights to start from know nothing of them.
        self.instance = nn.ModuleDict(
            {str(i): nn.InstanceNorm2d(c, affine=True) for i, c in _EARLY.items()}
            if name == "mobilenet_v2_in"
            else {}
        )
        self.eval()
        with torch.no_grad():
            self.channels = int(self(torch.zeros(1, 3, 64, 32)).shape[1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.name in OSNETS:
            return self.net.featuremaps(x)
        if self.name not in MOBILENETS:
            return self.net(x)
        for i, block in enumerate(self.net.features):
            x = block(x)
            if str(i) in self.instance:
                x = self.instance[str(i)](x)
        return x

    def refine(self) -> None:
        """A MobileNet's last stage at the stride of the one before: four times as many places.

        Source: [luo2019bag]
        """
        self.net.features[_LAST_STAGE].conv[1][0].stride = (1, 1)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def settle(self) -> None:
        """Let each instance norm give what its block gave on average over many pictures.

        So that blocks with weights from elsewhere read what they learned to read.
        """
        mean = spread = torch.zeros(1)
        for i, block in enumerate(self.net.features if self.instance else ()):
            if not hasattr(block, "use_res_connect"):
                continue
            norm = block.conv[-1]
            added = (mean, spread) if block.use_res_connect else (0.0, 0.0)
            mean, spread = norm.bias + added[0], norm.weight**2 + added[1]
            if str(i) in self.instance:
                self.instance[str(i)].weight.copy_(spread.sqrt())
                self.instance[str(i)].bias.copy_(mean)


def _osnet(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchreid says that its Cython metrics are not built
        from torchreid.reid.models import osnet, osnet_ain

    module = osnet_ain if "_ain_" in name else osnet
    net = getattr(module, name)(num_classes=1, pretrained=False, loss="softmax")
    net.fc = net.classifier = nn.Identity()
    return net


def _resnet50() -> Any:
    """ResNet-50 without its head, the last stage at the stride of the one before."""
    from collections import OrderedDict

    from torchvision.models import resnet50

    net = resnet50(weights=None)
    net.layer4[0].conv2.stride = net.layer4[0].downsample[0].stride = (1, 1)
    parts = [(name, part) for name, part in net.named_children() if name not in ("avgpool", "fc")]
    return nn.Sequential(OrderedDict(parts))


class GeM(nn.Module):
    """Generalised mean (B,C,h,w) -> (B,C) with a learned power: 1 is the average, more the peak."""

    def __init__(self, power: float = 3.0) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.float().clamp(min=1e-6).pow(self.power)
        return x.mean(dim=(2, 3)).pow(1 / self.power)


class Average(nn.Module):
    """(B,C,h,w) -> (B,C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.float().mean(dim=(2, 3))


@dataclass(frozen=True)
class Seen:
    """What a network says of B crops; None where it does not do that.

    feature (B,D) before the neck;  vector (B,D) after it;  who (B,people) logits;
    heads {attribute: (B,V) logits}
    """

    feature: torch.Tensor | None
    vector: torch.Tensor | None
    who: torch.Tensor | None
    heads: Mapping[str, torch.Tensor]


class Net(nn.Module):
    """A backbone with a body vector for `people` identities (0 = none) and attribute heads.

    heads  {attribute: number of its values};  scale  0, or identities are told by the angle between
    vectors alone, times this;  colors  True: a palette stands beside what the backbone pools;
    fine  see `Backbone.refine`
    """

    def __init__(
        self, backbone: str, pooling: str, embedding: int, people: int, heads: Mapping[str, int],
        scale: float = 0.0, frozen: bool = False, colors: bool = False,
        fine: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.backbone = Backbone(backbone).requires_grad_(not frozen)
        if fine:
            self.backbone.refine()
        self.frozen = frozen
        self.pool = GeM() if pooling == "gem" else Average()
        self.palette = Palette(MEAN, STD) if colors else None
        channels = self.backbone.channels + (Palette.channels if colors else 0)
        self.embeds = people > 0
        if self.embeds:
            self.project = nn.Linear(channels, embedding)
            self.neck = nn.BatchNorm1d(embedding)
            self.neck.bias.requires_grad_(False)
            self.classify = nn.Linear(embedding, people, bias=False)
            # By angle only the direction counts: tiny weights would turn round at every step.
            nn.init.normal_(self.classify.weight, std=0.05 if scale else 0.001)
        self.scale = scale
        if heads:
            self.heads_neck = nn.BatchNorm1d(channels)
        self.heads = nn.ModuleDict({name: nn.Linear(channels, n) for name, n in heads.items()})

    def train(self, mode: bool = True) -> Net:
        """As PyTorch's; a frozen backbone keeps its running means, too."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def forward(self, x: torch.Tensor) -> Seen:
        pooled = self.pooled(x)
        feature = vector = who = None
        if self.embeds:
            feature = self.project(pooled)
            vector = self.neck(feature)
            who = self._named(vector)
        judged = self.heads_neck(pooled) if len(self.heads) else pooled
        return Seen(feature, vector, who, {n: head(judged) for n, head in self.heads.items()})

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """(B,C) what all that is judged is judged by."""
        seen = self.pool(self.backbone(x))
        return seen if self.palette is None else torch.cat([seen, self.palette(x)], dim=1)

    def _named(self, vector: torch.Tensor) -> torch.Tensor:
        """Logits (B,people).  Source: [wang2017normface] for those by angle."""
        if not self.scale:
            return self.classify(vector)
        theirs = functional.normalize(self.classify.weight)
        return self.scale * functional.linear(functional.normalize(vector), theirs)


class Embedding(nn.Module):
    """The part of a network that goes into the product as a body model: (B,3,H,W) -> (B,D).

    mirrored  each crop is seen as it is and mirrored, which costs twice as much: the mean of both
    """

    def __init__(self, net: Net, mirrored: bool = False) -> None:
        super().__init__()
        self.net, self.mirrored = net, mirrored

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = self.net.pooled(x)
        if self.mirrored:
            pooled = (pooled + self.net.pooled(x.flip(3))) / 2
        return self.net.neck(self.net.project(pooled))


class Judge(nn.Module):
    """The part that goes in as an attribute model: (B,3,H,W) -> probabilities (B,V) of each head.

    temperature  {attribute: T}
    """

    def __init__(self, net: Net, temperature: Mapping[str, float]) -> None:
        super().__init__()
        self.net, self.temperature = net, dict(temperature)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        pooled = self.net.heads_neck(self.net.pooled(x))
        return tuple(
            torch.softmax(head(pooled) / self.temperature[name], dim=1)
            for name, head in self.net.heads.items()
        )


def pictures(batch: torch.Tensor, device: str) -> torch.Tensor:
    """Crops (B,H,W,3) uint8 -> (B,3,H,W) float32 as the product prepares them."""
    x = batch.to(device, non_blocking=True).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, STD))
    return (x - mean) / std


def start(net: Net, path: str) -> int:
    """Give the backbone the weights of a file; returns how many tensors. Raises BadInput.

    Matched by name where the names are the publishers' or ours, else one after the other where all
    shapes agree. Of a network of our own what stands on the backbone is taken, too, where it fits,
    but for its identities, who are others. The file is read as tensors alone: nothing in it is run.
    """
    theirs = _tensors(path)
    ours = {k: v for k, v in net.backbone.net.state_dict().items() if v.dim() > 0}
    named = {k: theirs[k] for k, v in ours.items() if k in theirs and theirs[k].shape == v.shape}
    if len(named) < len(ours):
        in_order = list(theirs.values())[: len(ours)]
        fits = [a.shape == b.shape for a, b in zip(ours.values(), in_order, strict=False)]
        if len(fits) < len(ours) or not all(fits):
            raise BadInput(
                "{path} does not fit the backbone {backbone}: {n} of {of} tensors are alike",
                path=path,
                backbone=net.backbone.name,
                n=len(named),
                of=len(ours),
            )
        named = dict(zip(ours, in_order, strict=True))
    net.backbone.net.load_state_dict(named, strict=False)
    norms = {f"instance.{k}": v for k, v in net.backbone.instance.state_dict().items()}
    if norms and norms.keys() <= theirs.keys():  # of a network of our own
        norms = {k.removeprefix("instance."): theirs[k] for k in norms}
        net.backbone.instance.load_state_dict(norms)
    else:
        net.backbone.settle()
    above = {k: v for k, v in net.state_dict().items() if not k.startswith(_ANEW)}
    fits_too = {k for k, v in above.items() if k in theirs and theirs[k].shape == v.shape}
    net.load_state_dict({k: theirs[k] for k in fits_too}, strict=False)
    return len(named)


def blend(net: Net, path: str, share: float) -> None:
    """Weights of a network mixed with those it began from: `share` of them, the rest its own.

    Source: [wortsman2022wiseft]
    """
    theirs = _tensors(path)
    mixed = {}
    for name, own in net.state_dict().items():
        old = theirs.get(_bare(name))
        fits = old is not None and old.shape == own.shape and own.dtype.is_floating_point
        if fits and old is not None and not name.startswith("classify."):
            mixed[name] = (1 - share) * own + share * old.to(own)
    net.load_state_dict(mixed, strict=False)


def _bare(name: str) -> str:
    """A weight's name without what wrappers put before it."""
    for before in ("module.", "backbone.", "net."):
        name = name.removeprefix(before)
    return name


def _tensors(path: str) -> dict[str, torch.Tensor]:
    """{name: tensor} of a weights file, without what wrappers put before the names."""
    import pickle

    try:
        said = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise BadInput("there is no file of weights at {path}", path=path) from None
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError):
        raise BadInput(
            "{path} is not a file of weights that can be read safely (a PyTorch state dict)",
            path=path,
        ) from None
    for key in ("net", "state_dict", "model"):
        if isinstance(said, dict) and isinstance(said.get(key), dict):
            said = said[key]
    said = said if isinstance(said, dict) else {}
    mean = {name: value for name, value in said.items() if str(name).startswith("mean.")}
    found = {}
    for name, value in (mean or said).items():  # of a detector what is exported: the running mean
        if isinstance(value, torch.Tensor) and value.dim() > 0:
            found[_bare(name.removeprefix("mean."))] = value
    return found
