"""A checkpoint as a torch module: the original network, from waveform to waveforms."""

from __future__ import annotations

from torch import Tensor, nn

from tasnet2hef.base.errors import AudioError
from tasnet2hef.model.checkpoint import Checkpoint


class OriginalTasNet(nn.Module):
    """A trained Conv-TasNet that computes what its own implementation computes, padding included.

    Shape: ``[batch, sample]`` to ``[batch, source, sample]``, or ``[sample]`` to ``[source, sample]``.

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
        sources: Tensor = self.model(mixture.reshape(-1, mixture.shape[-1]))
        return sources if mixture.ndim == 2 else sources[0]

    def _require_mixture(self, mixture: Tensor) -> None:
        if mixture.ndim not in (1, 2) or not mixture.numel():
            raise AudioError(
                f"mixture: found shape {list(mixture.shape)}, expected [sample] or [batch, sample], not empty"
            )
        samples = mixture.shape[-1]
        missing = self.spec.kernel_size - samples - sum(self.spec.clip_padding(samples))
        if missing > 0:
            raise AudioError(
                f"mixture: found {samples} samples, expected at least {samples + missing} (one frame); "
                "give a longer clip"
            )
