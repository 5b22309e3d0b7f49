"""A certificate authority of its own for one local node, by the openssl program."""

from pathlib import Path

from infra.kafka.errors import StartFailed
from infra.kafka.programs import program, run

DAYS = "3650"
TIMEOUT_S = 60.0


def make_certificates(folder: Path) -> None:
    """Write `ca.pem`, `broker.pem` (key and certificate), `client.crt` and `client.key` into
    `folder`, unless they are there. Raises `ProgramMissing` and `StartFailed`."""
    if (folder / "client.crt").exists():  # written last
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS),
        *("-subj", "/CN=saga local CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", folder / "ca.key", "-out", folder / "ca.pem"),
    )
    _signed(folder, "broker", "subjectAltName=IP:127.0.0.1,DNS:localhost")
    both = (folder / "broker.key").read_text() + (folder / "broker.crt").read_text()
    (folder / "broker.pem").write_text(both)
    _signed(folder, "client", "extendedKeyUsage=clientAuth")


def _signed(folder: Path, name: str, extension: str) -> None:
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(extension + "\n")
    _openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
        *("-keyout", folder / f"{name}.key", "-out", request),
    )
    _openssl(
        *("x509", "-req", "-in", request, "-days", DAYS, "-extfile", extensions),
        *("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial"),
        *("-out", folder / f"{name}.crt"),
    )


def _openssl(*arguments: str | Path) -> None:
    run([program("openssl"), *arguments], failure=StartFailed, timeout_s=TIMEOUT_S)
