"""What all pictures of figures share: colours, letters, and a field with two linear axes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Place = tuple[float, float]

FONT = cv2.FONT_HERSHEY_SIMPLEX
INK: Colour = (40, 40, 40)
PALE: Colour = (225, 225, 225)
# Blue, green, orange, grey (BGR): told apart also by the colour-blind, by their lightness.
BLUE: Colour = (178, 88, 0)
GREEN: Colour = (90, 150, 0)
ORANGE: Colour = (0, 110, 230)
GREY: Colour = (140, 140, 140)


def write_text(image: Image, text: str, where: tuple[int, int], size: float = 0.5, colour: Colour = INK) -> None:
    """Letters whose lower left corner is at (x, y), px."""
    cv2.putText(image, text, where, FONT, size, colour, 1, cv2.LINE_AA)


def width_of(text: str, size: float = 0.5) -> int:
    """Of letters, px."""
    return int(cv2.getTextSize(text, FONT, size, 1)[0][0])


@dataclass(frozen=True, slots=True)
class Field:
    """A rectangle of an image in which x and y are to scale.

    Attributes:
        left, right, top, bottom: px of the image.
        x, y: what the edges mean: lowest and highest.
    """

    left: int
    right: int
    top: int
    bottom: int
    x: Place
    y: Place

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where a point is, px; what lies outside is put on the edge."""
        across = float(np.clip((x - self.x[0]) / (self.x[1] - self.x[0]), 0.0, 1.0))
        up = float(np.clip((y - self.y[0]) / (self.y[1] - self.y[0]), 0.0, 1.0))
        return self.left + round(across * (self.right - self.left)), self.bottom - round(up * (self.bottom - self.top))

    def draw(self, image: Image, x_title: str, y_title: str) -> None:
        """Frame, lines at round numbers, and what the axes say."""
        for value in round_numbers(*self.x):
            column, _ = self.at(value, self.y[0])
            cv2.line(image, (column, self.top), (column, self.bottom), PALE, 1)
            text = f"{value:g}"
            write_text(image, text, (column - width_of(text) // 2, self.bottom + 22))
        for value in round_numbers(*self.y):
            _, row = self.at(self.x[0], value)
            cv2.line(image, (self.left, row), (self.right, row), PALE, 1)
            text = f"{value:g}"
            write_text(image, text, (self.left - 10 - width_of(text), row + 5))
        cv2.rectangle(image, (self.left, self.top), (self.right, self.bottom), INK, 1)
        middle = (self.left + self.right) // 2
        write_text(image, x_title, (middle - width_of(x_title, 0.55) // 2, self.bottom + 48), 0.55)
        write_text(image, y_title, (14, self.top - 12), 0.55)


def round_numbers(low: float, high: float, about: int = 8) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, about so many."""
    rough = (high - low) / about
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough))
    first = int(np.ceil(low / step - 1e-9))
    return [round(number * step, 12) for number in range(first, int(np.floor(high / step + 1e-9)) + 1)]
