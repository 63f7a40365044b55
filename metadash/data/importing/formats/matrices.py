"""Named arrays in a MATLAB or NumPy file, as zero-shot benchmarks come."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from metadash.errors import BadInput


class Matrices:
    """Arrays by name, of one file; what is not there, or is of another form, is one sentence."""

    def __init__(self, name: str, arrays: Mapping[str, Any]):
        self.name, self.arrays = name, arrays

    def need(self, key: str, dimensions: int | None = None) -> np.ndarray:
        """Numbers. Raises BadInput."""
        if key not in self.arrays:
            known = [one for one in self.arrays if not one.startswith("__")]
            raise BadInput(f"'{self.name}' has no array {key}; it has {', '.join(known) or 'none'}.")
        array = np.asarray(self.arrays[key])
        if array.dtype.kind not in "iufb" or (dimensions is not None and array.ndim != dimensions):
            raise BadInput(f"{key} in '{self.name}' is {array.dtype} of shape {array.shape}, and has to be a matrix of numbers.")
        return array

    def texts(self, key: str) -> list[str]:
        """Of a cell array of MATLAB, or of NumPy's texts."""
        if key not in self.arrays:
            self.need(key)
        found = []
        for one in np.asarray(self.arrays[key]).ravel():
            while isinstance(one, np.ndarray) and one.size == 1:
                one = one.ravel()[0]
            found.append("".join(map(str, one)) if isinstance(one, np.ndarray) else str(one))
        return found

    def places(self, key: str, n: int) -> np.ndarray:
        """Places of rows, which count from 1 here; none where they are not said. Raises BadInput for a place beyond ``n``."""
        if key not in self.arrays:
            return np.zeros(0, dtype=int)
        found = self.need(key).ravel().astype(int) - 1
        if len(found) and (found.min() < 0 or found.max() >= n):
            raise BadInput(f"{key} in '{self.name}' names image {int(found.max()) + 1} of {n}; get both files of one set.")
        return found


def matrices_in(folder: Path, stem: str) -> Matrices:
    """``stem.mat`` or ``stem.npz``. Raises BadInput for what cannot be read. Objects of NumPy are not unpacked: they could be programs."""
    path = next(one for one in (folder / f"{stem}.mat", folder / f"{stem}.npz") if one.is_file())
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return Matrices(path.name, {key: file[key] for key in file.files})
        from scipy.io import loadmat

        return Matrices(path.name, loadmat(path))
    except NotImplementedError as error:
        raise BadInput(f"'{path.name}' is of MATLAB 7.3; save it again with -v7.") from error
    except Exception as error:  # whatever loadmat stumbles over in a file that is none
        raise BadInput(
            f"'{path.name}' cannot be read as {'MATLAB' if path.suffix == '.mat' else 'NumPy'} ({str(error)[:80]}); get it again."
        ) from error
