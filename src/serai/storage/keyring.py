"""The keys that secrets are encrypted with: from the environment, or in a file that only its owner can read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serai.errors import BadRequest, StorageFailed

FORMAT = b"\x01"
_ID, _NONCE = 8, 12


class Key:
    """AES-256-GCM. The id stands in what it encrypted, so that it is found again among several."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.id = hashlib.sha256(b"serai key id\x00" + raw).digest()[:_ID]
        self._cipher = AESGCM(raw)

    @classmethod
    def new(cls) -> Key:
        return cls(secrets.token_bytes(32))

    def encrypt(self, name: str, value: str) -> bytes:
        """Binds the value to its name: moved to another name it cannot be decrypted."""
        nonce = secrets.token_bytes(_NONCE)
        return FORMAT + self.id + nonce + self._cipher.encrypt(nonce, value.encode(), name.encode())

    def decrypt(self, name: str, sealed: bytes) -> str:
        """Raises StorageFailed when it was changed since, or belongs to another name."""
        start = len(FORMAT) + _ID
        try:
            plain = self._cipher.decrypt(sealed[start : start + _NONCE], sealed[start + _NONCE :], name.encode())
        except InvalidTag as error:
            raise unreadable(name, "was changed outside Serai") from error
        return plain.decode()


def key_id(sealed: bytes) -> bytes:
    return sealed[len(FORMAT) : len(FORMAT) + _ID]


def unreadable(name: str, why: str) -> StorageFailed:
    return StorageFailed(
        f"The secret {name!r} cannot be read: it {why}.", cause="secret_key", hint="Set it again, or restore its key."
    )


class Keyring:
    """The first key encrypts; the others are there to decrypt what was encrypted before."""

    def __init__(self, file: Path, given: str | None) -> None:
        self._file = file
        self._given = given
        self._derived: list[Key] | None = None

    @property
    def in_file(self) -> bool:
        return not self._given

    def all(self) -> list[Key]:
        """Read anew each time, because another process may have rotated them. Raises StorageFailed."""
        return [*self._from_environment(), *self._from_file()]

    def first(self) -> Key:
        """The key that encrypts; made when there is none. Only under the database's write lock."""
        found = self.all()
        if not found:
            found = [Key.new()]
            self.store(found)
        return found[0]

    def store(self, keys: list[Key]) -> None:
        """Replaces the file as a whole: after a crash it holds the old keys or the new ones."""
        text = "".join(base64.urlsafe_b64encode(key.raw).decode() + "\n" for key in keys)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, partial = tempfile.mkstemp(dir=self._file.parent, prefix=".secret.key.")
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(self._file)
            _sync_folder(self._file.parent)
        except OSError as error:
            raise StorageFailed(
                f"{self._file.name} cannot be written: {error.strerror}.", cause="secret_key"
            ) from error

    def _from_file(self) -> list[Key]:
        try:
            lines = self._file.read_text("ascii").split()
            return [Key(_exactly_32(base64.urlsafe_b64decode(line))) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, binascii.Error) as error:
            raise StorageFailed(
                f"{self._file.name} is no file of keys.", cause="secret_key", hint="Restore it, or remove it."
            ) from error

    def _from_environment(self) -> list[Key]:
        if self._derived is None:
            self._derived = [_derive(part) for part in (self._given or "").split(",") if part]
        return self._derived


def _sync_folder(folder: Path) -> None:
    """Makes a rename survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exactly_32(raw: bytes) -> bytes:
    if len(raw) != 32:
        raise ValueError("a key has 32 bytes")
    return raw


def _derive(text: str) -> Key:
    """SERAI_SECRET_KEY may be any text; scrypt makes guessing it slow."""
    if len(text) < 16:
        raise BadRequest("SERAI_SECRET_KEY is too short.", hint="Use 16 characters or more: `openssl rand -hex 32`.")
    return Key(hashlib.scrypt(text.encode(), salt=b"serai secret key", n=2**14, r=8, p=1, dklen=32))
