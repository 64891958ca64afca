"""Content Credentials: signed statements in files that what they show is synthetic; owns c2pa and cryptography.

The certificate is made once on each installation and vouches for nothing but that: a reader finds the statement
whole and unchanged, signed by "Avatar Studio, this installation", whom nobody else knows. See the C2PA technical
specification 2.2, sections 14 (trust) and 18.15 (actions).
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs

from studio import __version__
from studio.core.errors import UserError
from studio.core.logs import NAME
from studio.core.media.files import atomic_path, opened
from studio.core.media.provenance import STATEMENT

SUFFIXES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
"""Files that hold credentials; others carry the plain statement alone."""
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CONSENT_LABEL = "org.avatar-studio.consent"
_YEARS = 20
_UNTRUSTED = "signingCredential.untrusted"
_CHAIN, _KEY = "credentials.pem", "credentials.key"


@dataclass(frozen=True)
class Claimed:
    """What is said of a file.

    Attributes
    ----------
    title
        For people.
    consent
        The avatar's own record: stated, by whom and when; see `studio.core.avatar.Consent`.
    """

    title: str
    consent: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a file says of itself.

    Attributes
    ----------
    credentials
        Whether it holds any.
    intact
        Whether file and statement are as they were signed.
    known
        Whether the signer is one whom the program knows: its own certificate.
    """

    credentials: bool
    intact: bool = False
    known: bool = False
    signed_by: str = ""
    program: str = ""
    title: str = ""
    source_type: str = ""
    statement: str = ""
    consent: dict[str, Any] | None = None
    problems: tuple[str, ...] = ()


def missing() -> str:
    """Return why no credentials can be written here, "" where they can."""
    lacking = [name for name in ("c2pa", "cryptography") if find_spec(name) is None]
    if lacking:
        return f"{' and '.join(lacking)} missing: exports carry plain metadata only; run make setup"
    return ""


def sign(path: Path, claimed: Claimed, folder: Path | None = None) -> bool:
    """Put credentials into a file that is there; return False where the format or this installation holds none.

    Parameters
    ----------
    folder
        Where key and certificate lie; the program's data folder without it.

    Raises
    ------
    UserError
        If the key cannot be read or made.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or missing():
        return False
    signed = path.with_name(f"{path.stem}.signed{path.suffix}")
    try:
        with path.open("rb") as plain, signed.open("w+b") as out:
            _sign(plain, out, suffix, claimed, folder)
        os.replace(signed, path)
    finally:
        signed.unlink(missing_ok=True)
    return True


def read(path: Path, folder: Path | None = None) -> Found:
    """Return what the credentials of a file say, and whether they are whole.

    Raises
    ------
    UserError
        If the file cannot be read, or credentials cannot be read here.
    """
    if reason := missing():
        raise UserError(f"Content Credentials cannot be read: {reason}.")
    import c2pa

    kind, own = SUFFIXES.get(path.suffix.lower()), (folder or default_folder()) / _CHAIN
    wanted = dict(_SETTINGS)
    if own.is_file():
        wanted["trust"] = {"user_anchors": own.read_text("ascii")}
    with opened(path) as file, c2pa.Settings.from_dict(wanted) as settings, c2pa.Context(settings) as context:
        if kind is None:
            return Found(False)
        try:
            with c2pa.Reader(kind, file, context=context) as reader:
                return _told(json.loads(reader.json()))
        except c2pa.C2paError as error:
            absent = type(error).__name__.endswith("ManifestNotFound")
            return Found(not absent, problems=() if absent else (str(error),))


def _sign(plain: BinaryIO, out: BinaryIO, suffix: str, claimed: Claimed, folder: Path | None) -> None:
    import c2pa

    chain, key = _identity(folder or default_folder())
    info = c2pa.C2paSignerInfo(b"es256", chain, key, None)
    with c2pa.Settings.from_dict(_SETTINGS) as settings, c2pa.Context(settings) as context:
        signer, builder = c2pa.Signer.from_info(info), c2pa.Builder(_manifest(suffix, claimed), context)
        with signer, builder:
            builder.sign(signer, SUFFIXES[suffix], plain, out)


_SETTINGS: dict[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}},
    # Nothing is asked of the network, neither when signing nor when reading.
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
}


def default_folder() -> Path:
    """Return where key and certificate of this installation lie."""
    return platformdirs.user_data_path(NAME, appauthor=False)


def _manifest(suffix: str, claimed: Claimed) -> dict[str, Any]:
    made = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": {"name": "Avatar Studio", "version": __version__},
        "description": STATEMENT,
    }
    return {
        "claim_generator_info": [{"name": "Avatar Studio", "version": __version__}],
        "title": claimed.title,
        "format": SUFFIXES[suffix],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [made], "allActionsIncluded": True}},
            {"label": CONSENT_LABEL, "data": claimed.consent},
        ],
    }


def _told(store: dict[str, Any]) -> Found:
    manifest = store["manifests"][store["active_manifest"]]
    assertions = {item["label"]: item["data"] for item in manifest.get("assertions", [])}
    actions = next((data for label, data in assertions.items() if label.startswith("c2pa.actions")), {})
    made = next((item for item in actions.get("actions", []) if item.get("action") == "c2pa.created"), {})
    signer, info = manifest.get("signature_info", {}), manifest.get("claim_generator_info", [{}])[0]
    said = store.get("validation_status", [])
    problems = [status for status in said if status["code"] != _UNTRUSTED]
    return Found(
        True,
        intact=not problems,
        known=not said,
        signed_by=", ".join(filter(None, (signer.get("common_name"), signer.get("issuer")))),
        program=" ".join(filter(None, (info.get("name"), info.get("version")))),
        title=manifest.get("title", ""),
        source_type=made.get("digitalSourceType", ""),
        statement=made.get("description", ""),
        consent=assertions.get(CONSENT_LABEL),
        problems=tuple(status.get("explanation", status["code"]) for status in problems),
    )


def _identity(folder: Path) -> tuple[bytes, bytes]:
    """Return certificate chain and private key, PEM, made where there are none."""
    chain, key = folder / _CHAIN, folder / _KEY
    try:
        if not (chain.is_file() and key.is_file()):
            folder.mkdir(parents=True, exist_ok=True)
            _make_identity(chain, key)
        return chain.read_bytes(), key.read_bytes()
    except OSError as error:
        raise UserError(f"The key of this installation in '{folder}' cannot be used; check its permissions.") from error


def _make_identity(chain: Path, key: Path) -> None:
    """Make an authority that signs one certificate and is then forgotten: C2PA accepts no self-signed signer."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Avatar Studio, this installation")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    begin = datetime.now(UTC) - timedelta(days=1)
    authority_key, signer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    of_authority = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())

    def certificate(subject: str, public: Any, authority: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            name("local authority"), name(subject), public, x509.random_serial_number(), begin,
            begin + timedelta(days=365 * _YEARS),
        )  # fmt: skip
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only"),
            False,
        )  # fmt: skip
        usage |= {"digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority}
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        if not authority:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])  # 14.5.1: one of those accepted
            issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_authority)
            builder = builder.add_extension(purpose, critical=True).add_extension(issuer, critical=False)
        return builder.sign(authority_key, hashes.SHA256())

    signer = certificate("Avatar Studio", signer_key.public_key(), False)
    root = certificate("local authority", authority_key.public_key(), True)
    private = signer_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with atomic_path(key) as temporary:
        temporary.chmod(0o600)
        temporary.write_bytes(private)
    with atomic_path(chain) as temporary:
        temporary.write_bytes(signer.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
