"""Our DTLS certificate, which is an ECDSA one, and the cipher suites that are offered with it."""

from __future__ import annotations

from typing import Any

from aiortc import RTCCertificate, RTCPeerConnection

_SUITES = ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
_CIPHERS = ":".join(f"ECDHE-{kind}-{suite}" for kind in ("ECDSA", "RSA") for suite in _SUITES).encode()
"""aiortc's, and the same for peers with an RSA certificate, such as GStreamer's: they are the DTLS server with us, and
would find no suite that they can use."""


class _Certificate(RTCCertificate):
    def _create_ssl_context(self, srtp_profiles: list[Any]) -> Any:  # noqa: ANN401 - PyOpenSSL's, by way of aiortc
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(_CIPHERS)
        return context


def accept_rsa(peer: RTCPeerConnection) -> None:
    """Has a new connection, which has no transport yet, speak to peers with an RSA certificate, too."""
    peer._RTCPeerConnection__certificates = [_Certificate.generateCertificate()]  # type: ignore[attr-defined]
