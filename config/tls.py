"""The TLS settings of a listener."""

from __future__ import annotations

import ssl
from typing import Self

from pydantic import ValidationInfo, model_validator

from config.mistakes import said
from config.section import REQUIRED, Section, setting
from config.values import FilePath


class Tls(Section):
    """Certificate and key of a listener. SIGHUP makes the process read the files again."""

    cert: FilePath = setting(REQUIRED, "PEM file with the certificate and its chain.")
    key: FilePath = setting(REQUIRED, "PEM file with the private key, without a passphrase.")

    @model_validator(mode="after")
    def _fit(self, info: ValidationInfo) -> Self:
        if info.context:
            try:
                # Without a password callback, OpenSSL would ask for a passphrase on the terminal.
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.cert, self.key, password=lambda: "")
            except (ssl.SSLError, OSError, ValueError) as error:
                raise said(
                    f"{self.cert} and {self.key} are not a PEM certificate and its private key, without a passphrase"
                ) from error
        return self
