"""The fixed header in front of a HEF's protobuf, header versions 0 to 3, all numbers big-endian."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.errors import InputError

MAGIC: Final = b"\x01HEF"
LONGEST_HEADER_BYTES: Final = 64
MOST_PROTOBUF_BYTES: Final = 1 << 28
PROTOBUF_STARTS: Final = {0: (32,), 1: tuple(range(20, 64, 4)), 2: (44,), 3: (56,)}
"""Where the protobuf may start, by header version.

0, 2 and 3 are recorded (limits.md, section 10). No file of version 1 was available: offsets are tried in order.
"""


@dataclass(frozen=True)
class HefHeader:
    """The fields of the header; of these only the protobuf's size has been checked, against the file's."""

    version: int
    protobuf_bytes: int
    md5: bytes | None = None
    """MD5 of the protobuf; version 0. Recorded: it agrees in a real file of DFC 3.27."""
    xxh3: int | None = None
    """64-bit XXH3 of the protobuf; version 3, byte 40. Recorded: it agrees in a real file of DFC 5.3."""
    weights_bytes: int | None = None
    """Bytes from the end of the protobuf to the end of the weights; version 3, byte 20.

    Recorded: in a real file of DFC 5.3 it is the padding to the next page of 4,096 bytes (byte 28) and the last
    byte that its protobuf points to.
    """

    @property
    def starts(self) -> tuple[int, ...]:
        """Bytes from which the protobuf may start."""
        return PROTOBUF_STARTS[self.version]


def read_header(head: bytes, file_bytes: int, where: str) -> HefHeader:
    """Read the header from the first bytes of a file of ``file_bytes`` bytes.

    Raises:
        InputError: not a HEF, a header version that isn't known, or a protobuf that the file can't hold.
    """
    if head[:4] != MAGIC:
        raise InputError(f"{where}: not a HEF: it starts with {head[:4].hex(' ')}, expected {MAGIC.hex(' ')}")
    if len(head) < 12:
        raise InputError(f"{where}: cut off in the header: {len(head)} bytes, expected 32 or more; copy it again")
    version, protobuf_bytes = struct.unpack_from(">II", head, 4)
    if version not in PROTOBUF_STARTS:
        raise InputError(f"{where}: not a HEF that can be read: found header version {version}, expected 0 to 3")
    start = PROTOBUF_STARTS[version][0]
    if not 0 < protobuf_bytes <= MOST_PROTOBUF_BYTES:
        raise InputError(
            f"{where}: its header claims {protobuf_bytes:,} bytes of metadata, expected 1 to "
            f"{MOST_PROTOBUF_BYTES:,}; the file is damaged"
        )
    if start + protobuf_bytes > file_bytes:
        raise InputError(
            f"{where}: cut off in its metadata: {file_bytes:,} bytes, expected at least "
            f"{start + protobuf_bytes:,}; copy it again"
        )
    if version == 0:
        return HefHeader(version, protobuf_bytes, md5=head[16:32])
    if version == 3:
        weights_bytes, _padding, _more, xxh3 = struct.unpack_from(">QIQQ", head, 20)
        return HefHeader(version, protobuf_bytes, xxh3=xxh3, weights_bytes=weights_bytes)
    return HefHeader(version, protobuf_bytes)
