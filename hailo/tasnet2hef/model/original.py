"""A checkpoint as a torch module: the original network, from waveform to waveforms."""

from __future__ import annotations

from torch import Tensor, nn

from tasnet2hef.base.errors import AudioError
from tasnet2hef.model.checkpoint import Checkpoint


class OriginalTasNet(nn.Module):
    """A trained Conv-TasNet that computes what its own implementation computes, padding included.

    Shape: ``[batch, sample]`` to ``[batch, source, sample]``, or ``[sample]`` to ``[source, sample]``. A net over
    several channels: ``[batch, channel, sample]`` to ``[batch, source, channel, sample]``, with a batch axis or
    not.

    Raises:
        AudioError: a mixture has a different shape, or is shorter than one frame of the encoder.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.spec = checkpoint.spec
        """The architecture."""
        self.sample_rate = checkpoint.spec.sample_rate
        """Rate of the audio that the net was trained on, in Hz."""
        self.notes = checkpoint.notes
        """What was assumed, dropped or converted; one line each."""
        self.model = checkpoint.reference()
        self.eval()

    def forward(self, mixture: Tensor) -> Tensor:
        """Separate."""
        self._require_mixture(mixture)
        channels = self.spec.audio_channels
        if channels == 1:
            sources: Tensor = self.model(mixture.reshape(-1, mixture.shape[-1]))
            return sources if mixture.ndim == 2 else sources[0]
        values = mixture.transpose(-1, -2).reshape(-1, channels * mixture.shape[-1])  # samples interleaved
        separated: Tensor = self.model(values).unflatten(-1, (-1, channels)).transpose(-1, -2)
        return separated if mixture.ndim == 3 else separated[0]

    def _require_mixture(self, mixture: Tensor) -> None:
        channels = self.spec.audio_channels
        axes = 1 if channels == 1 else 2
        is_wrong = channels > 1 and mixture.ndim > 1 and mixture.shape[-2] != channels
        if mixture.ndim not in (axes, axes + 1) or not mixture.numel() or is_wrong:
            one = "sample" if channels == 1 else f"{channels} channels, sample"
            raise AudioError(
                f"mixture: found shape {list(mixture.shape)}, expected [{one}] or [batch, {one}], not empty"
            )
        samples = channels * mixture.shape[-1]
        missing = (self.spec.kernel_size - samples - sum(self.spec.clip_padding(samples))) // channels
        if missing > 0:
            raise AudioError(
                f"mixture: found {mixture.shape[-1]} samples, expected at least {mixture.shape[-1] + missing} "
                "(one frame); give a longer clip"
            )
