"""The bearer token in a file that only its owner can read (mode 0600), made at first start."""

import os
import secrets
import stat
from pathlib import Path

from infra.http.errors import TokenFileError


def read_or_create_token(path: Path) -> str:
    """The token in `path`; a new one (256 bits) is written there when the file does not exist.

    Raises `TokenFileError` when the file is empty, cannot be used, or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_token(path)
    except OSError as error:
        raise TokenFileError(f"cannot write the token file {path}: {error.strerror}") from error
    token = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token


def read_token(path: Path) -> str:
    """The token in an existing file. Raises as `read_or_create_token` does."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TokenFileError(f"cannot read the token file {path}: {error}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise TokenFileError(f"others can read the token file {path}: chmod 600 it, or delete it")
    if not token:
        raise TokenFileError(f"the token file {path} is empty: delete it for a new one")
    return token
