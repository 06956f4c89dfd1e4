"""The encoder as a convolution over frames."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, ORANGE, arrow, box, canvas, label

CAPTION = (
    "Kernel 4, stride 2. Left: a strided convolution over samples. Right: the same sums as a convolution over "
    "frames of two samples, with a kernel of two frames. No sample moves: frames are a view of the waveform."
)
_SAMPLES = 8


def draw() -> Figure:
    """Draw samples and the same samples as frames, with one kernel over each."""
    figure, axes = canvas(7.4, 2.6)
    label(axes, 1, 2, "one column of samples, strided kernel of 4")
    for sample in range(_SAMPLES):
        box(axes, 1 + 3.6 * sample, 5, 3.6, 3.6, str(sample), color=BLUE if 2 <= sample < 6 else "none")
    box(axes, 1 + 3.6 * 2, 12, 3.6 * 4, 3.4, "w0 w1 w2 w3", color=ORANGE)
    arrow(axes, (1 + 3.6 * 4, 15.6), (1 + 3.6 * 4, 20))
    box(axes, 1 + 3.6 * 4 - 4, 20.4, 8, 3.4, "frame 1", color=GREEN)
    label(axes, 40, 2, "frames of 2 samples (2 features), kernel (2, 1)")
    for frame in range(_SAMPLES // 2):
        for phase in range(2):
            used = 1 <= frame < 3
            box(axes, 44 + 4 * phase, 5 + 4 * frame, 4, 4, str(2 * frame + phase), color=BLUE if used else "none")
    for frame in range(2):
        box(axes, 54, 9 + 4 * frame, 9, 4, f"w{2 * frame} w{2 * frame + 1}", color=ORANGE)
    arrow(axes, (63.4, 13), (66, 13))
    box(axes, 66.2, 11.2, 7, 3.4, "frame 1", color=GREEN)
    label(axes, 44, 24.5, "time runs down: the height of the tensor", fontsize=8)
    return figure
