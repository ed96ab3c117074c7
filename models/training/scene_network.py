"""Understands a clip of four images: what holds in the last one, and how far it is from what the others let expect.

A joint-embedding predictive architecture: from the tokens of the first three images those of the last one are
predicted, and not its pixels (LeCun, "A Path Towards Autonomous Machine Intelligence", 2022; V-JEPA, arXiv:2404.08471).
The encoder is a small vision transformer (arXiv:2010.11929) behind a few convolutions (arXiv:2106.14881).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.training.clips import FACTS, FRAMES

WIDTH, HEIGHT = 192, 144
PATCH = 16
ROWS, COLUMNS = HEIGHT // PATCH, WIDTH // PATCH
TOKENS = ROWS * COLUMNS
MOST_SURPRISING = 4  # tokens that count: what happens is small
FACT_CHANNELS, FACT_HIDDEN = 24, 64
LEARNED = 2  # images of each clip, the last ones


@dataclass(frozen=True, slots=True)
class SceneSize:
    """Channels of the convolutions, size of a token, heads, and layers of encoder and predictor."""

    stem: tuple[int, int, int]
    token: int
    heads: int
    encoder: int
    predictor: int


SCENE = {
    "small": SceneSize((16, 32, 64), 96, 4, 4, 3),
    "medium": SceneSize((24, 48, 96), 192, 6, 6, 4),
}


class Learned(NamedTuple):
    """What a training looks at, of n clips.

    Attributes:
        tokens: (n, 2, 108, d), of the last two images, each with mean 0 and deviation 1.
        predicted: (n, 108, d), those of the last image as the others let expect them.
        log_scale: (n, 108), log of the difference between the two that is to be expected.
        patches: (n, 2, 108, 192), each patch at half its size, as far as its token tells.
    """

    tokens: Tensor
    predicted: Tensor
    log_scale: Tensor
    patches: Tensor


class _Block(nn.Module):
    """A layer of a transformer, normalised before each part."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_mixing = nn.LayerNorm(size), nn.LayerNorm(size)
        self.ask, self.answer = nn.Linear(size, 3 * size), _silent(nn.Linear(size, size))
        self.mix = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), _silent(nn.Linear(4 * size, size)))

    def forward(self, tokens: Tensor) -> Tensor:
        count, places, size = tokens.shape
        asked = self.ask(self.before_attention(tokens)).view(count, places, 3, self.heads, size // self.heads)
        query, key, value = asked.permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.answer(seen.transpose(1, 2).reshape(count, places, size))
        return cast(Tensor, tokens + self.mix(self.before_mixing(tokens)))


class FactNetwork(nn.Module):
    """Logits (n, 6) of what holds in an image (n, 3, 144, 192), from convolutions of its own.

    A transformer would want many more images before it saw a thing of five pixels; and the tokens learn to predict.
    """

    def __init__(self, channels: tuple[int, int, int]) -> None:
        super().__init__()
        half, quarter, eighth = channels
        self.look = nn.Sequential(
            _convolution(3, half, 2),
            _convolution(half, quarter, 2),
            _convolution(quarter, eighth, 2),
            _convolution(eighth, eighth, 1),
            _convolution(eighth, eighth, 2),
            nn.Conv2d(eighth, FACT_CHANNELS, 1),
            nn.ReLU(inplace=True),
        )
        # Not the mean over the image: where a thing lies is the question.
        self.hidden = nn.Linear(FACT_CHANNELS * TOKENS, FACT_HIDDEN)
        self.say = nn.Linear(FACT_HIDDEN, len(FACTS))

    def forward(self, image: Tensor) -> Tensor:
        return cast(Tensor, self.say(F.relu(self.hidden(self.look(image - 0.5).flatten(1)))))


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class SceneNetwork(nn.Module):
    """Input: `clip` (n, 4, 3, 144, 192), 0..1, oldest first. Outputs: embedding (n, d), surprise (n,), facts (n, 6).

    Surprise is the mean, over the four tokens where it is largest, of the difference between token and prediction
    relative to the difference that is to be expected there; facts are logits.
    """

    def __init__(self, size: SceneSize) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs in size.stem:
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
            inputs = outputs
        self.stem = nn.Sequential(*layers, _silent(nn.Conv2d(inputs, size.token, 3, 2, 1)))
        # Begins as a discrete cosine transform, and the rest silent: so a token tells its patch from the first step on.
        self.embed = nn.Conv2d(3, size.token, PATCH // 2, PATCH // 2)
        # Large beside the noise of an image, so that a patch of one colour is not blown up to the size of the others.
        self.place = nn.Parameter(0.3 * torch.randn(TOKENS, size.token))
        self.encoder = nn.Sequential(*(_Block(size.token, size.heads) for _ in range(size.encoder)))
        self.join = nn.Linear((FRAMES - 1) * size.token, size.token)
        self.place_ahead = nn.Parameter(0.02 * torch.randn(TOKENS, size.token))
        self.predictor = nn.Sequential(*(_Block(size.token, size.heads) for _ in range(size.predictor)))
        self.change = _silent(nn.Linear(size.token, size.token))
        self.scale = _silent(nn.Linear(size.token, 1))
        self.facts = FactNetwork(size.stem)
        self.patch = nn.Linear(size.token, 3 * (PATCH // 2) ** 2)
        with torch.no_grad():
            waves = _cosines(size.token)
            self.embed.weight.copy_(waves)
            cast(Tensor, self.embed.bias).zero_()
            self.patch.weight.copy_(waves.flatten(1).T)
            self.scale.bias.fill_(-3.0)

    def forward(self, clip: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tokens = self._encode(clip)
        predicted, log_scale = self._predict(tokens[:, : FRAMES - 1])
        return tokens.mean(dim=(1, 2)), clip_surprise(tokens[:, -1], predicted, log_scale), self.facts(clip[:, -1])

    def learn(self, clip: Tensor) -> Learned:
        """What a training looks at, of clips (n, 4, 3, 144, 192).

        The encoder learns from the last two images of each: the first two look no different, and a third of the work
        is saved.
        """
        with torch.no_grad():
            early = self._encode(clip[:, :-LEARNED])
        late = self._encode(clip[:, -LEARNED:])
        predicted, log_scale = self._predict(torch.cat([early, late[:, :-1]], dim=1))
        return Learned(late, predicted, log_scale, self.patch(late))

    def _encode(self, clip: Tensor) -> Tensor:
        """Tokens (n, t, 108, d) of images (n, t, 3, 144, 192)."""
        images = clip.flatten(0, 1) - 0.5
        tokens = (self.stem(images) + self.embed(F.avg_pool2d(images, 2))).flatten(2).transpose(1, 2) + self.place
        tokens = F.layer_norm(self.encoder(tokens), (tokens.shape[2],))
        return tokens.view(-1, clip.shape[1], TOKENS, tokens.shape[2])

    def _predict(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """From the tokens of the first three images (n, 3, 108, d); the last of them stay unless something changes."""
        joined = self.join(tokens.transpose(1, 2).flatten(2)) + self.place_ahead
        ahead = self.predictor(joined)
        return tokens[:, -1] + self.change(ahead), self.scale(ahead).squeeze(2)


Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


def _silent(layer: Layer) -> Layer:
    """A layer that gives nothing before it is trained."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(cast(Tensor, layer.bias))
    return layer


def _cosines(count: int) -> Tensor:
    """Of a patch at half its size, (count, 3, 8, 8): the lowest frequencies, colour by colour, the mean a quarter."""
    side = PATCH // 2
    places, frequencies = torch.arange(side) + 0.5, torch.arange(side)
    waves = torch.cos(torch.pi / side * frequencies[:, None] * places) * (2.0 / side) ** 0.5
    waves[0] = (1.0 / side) ** 0.5 / 2.0  # once for rows, once for columns
    pairs = sorted(((row, column) for row in range(side) for column in range(side)), key=sum)
    result = torch.zeros(count, 3, side, side)
    for index in range(count):
        row, column = pairs[index // 3]
        result[index, index % 3] = waves[row, :, None] * waves[column, None, :]
    return result


def difference(tokens: Tensor, predicted: Tensor) -> Tensor:
    """Between tokens and what was expected (n, 108, d), of each (n, 108)."""
    return (tokens - predicted).abs().mean(dim=2)


def clip_surprise(tokens: Tensor, predicted: Tensor, log_scale: Tensor) -> Tensor:
    """Of each clip (n,); see `SceneNetwork`."""
    relative = difference(tokens, predicted) * torch.exp(-log_scale)
    return relative.topk(MOST_SURPRISING, dim=1).values.mean(dim=1)
