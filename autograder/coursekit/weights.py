"""A student's trained weights: read as data, checked, and held against a model."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .verdicts import CheckFailed, NotAttempted

_MOST_NAMES = 1_000
_LONGEST_NAME = 200
_MOST_TOLD = 3
_MODEL = "model"  # under this key a checkpoint of a whole training keeps the weights
_BYTES_OF_A_NUMBER = 8
_OVERHEAD = 2**20  # bytes of names and headers, and of what a pickle says about them


class Weights:
    """The weights that were handed in, for the fixture `weights`; this one reads them in its own process.

    Args:
        folder: where the file lies.
        file: its name without its end: `file.safetensors`, or `file.pt` for `torch.load(weights_only=True)`.
        parameters: how many numbers the model may have; the file may hold twice as many, for buffers.
        retrain: see below.

    Attributes:
        retrain: whether the test has the model trained, and leaves the file unread.
    """

    def __init__(self, folder: Path, file: str, parameters: int, *, retrain: bool = False) -> None:
        self.retrain = retrain
        self._files = [folder / f"{file}.safetensors", folder / f"{file}.pt"]
        self._most = 2 * parameters
        self._state: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._file().name

    def state(self) -> dict[str, Any]:
        """Give the state dict: names and tensors on the CPU, all finite.

        Raises:
            NotAttempted: if there is no file.
            CheckFailed: if it cannot be used, with the reason, which is for the student.
        """
        if self._state is None:
            file, most = self._file(), self._most * _BYTES_OF_A_NUMBER + _OVERHEAD
            if (size := file.stat().st_size) > most:
                raise CheckFailed(f"{file.name} has {size / 2**20:.1f} MB, and {most / 2**20:.1f} MB are allowed")
            found = self._read(file)
            if "weights" not in found:
                raise CheckFailed(str(found.get("refused", f"{file.name} cannot be read"))[:300])
            check_state(found["weights"], file.name, self._most)
            self._state = found["weights"]
        return dict(self._state)

    def _file(self) -> Path:
        found = [file for file in self._files if file.is_file()]
        if not found:
            raise NotAttempted(f"there is no {self._files[0].name}: hand in trained weights beside the module")
        return found[0]

    def _read(self, file: Path) -> dict[str, Any]:
        return read_weights(file)


def read_weights(file: Path) -> dict[str, Any]:
    """Read a file of weights, never running what it holds.

    Returns:
        {"weights": name → tensor on the CPU}, or {"refused": why}.
    """
    import torch  # noqa: PLC0415 - only where an assignment uses it

    todo = f"save the state dict: safetensors.torch.save_file(model.state_dict(), '{file.stem}.safetensors')"
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file  # noqa: PLC0415 - only where an assignment uses it

            state: Any = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        return {"refused": f"{file.name} holds more than numbers, and is not run here: {todo}"}
    except Exception as error:  # noqa: BLE001 - a hostile or broken file fails in many ways
        return {"refused": f"{file.name} cannot be read ({type(error).__name__}): {todo}"}
    if isinstance(state, dict) and isinstance(state.get(_MODEL), dict):
        state = state[_MODEL]
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        return {"refused": f"{file.name} is no state dict: {todo}"}
    return {"weights": {str(name): tensor.detach().contiguous() for name, tensor in state.items()}}


def check_state(state: object, file: str, most: int) -> None:
    """Require a state dict of finite numbers.

    Args:
        state: what the file held.
        file: its name, for the message.
        most: how many numbers all tensors may have together.

    Raises:
        CheckFailed: naming what is wrong, and the tensor.
    """
    import torch  # noqa: PLC0415 - only where an assignment uses it

    if type(state) is not dict or not state or len(state) > _MOST_NAMES:
        raise CheckFailed(f"{file} is no state dict of at most {_MOST_NAMES:,} tensors")
    for name, tensor in state.items():
        if type(name) is not str or len(name) > _LONGEST_NAME or type(tensor) is not torch.Tensor:
            raise CheckFailed(f"{file} holds something else than named tensors")
    count = sum(tensor.numel() for tensor in state.values())
    if count > most:
        raise CheckFailed(f"{file} holds {count:,} numbers, and {most:,} are allowed")
    for name, tensor in state.items():
        if tensor.is_complex():
            raise CheckFailed(f"{file}: {name} is complex")
        if not bool(torch.isfinite(tensor).all()):
            raise CheckFailed(f"{file}: {name} holds NaN or an infinity; train again, with a lower learning rate")


def assert_fits(state: Mapping[str, Any], shapes: Mapping[str, Sequence[int]], file: str) -> None:
    """Require that weights have a model's names and shapes, and no others.

    Args:
        state: name → tensor, as in the file.
        shapes: name → shape, of the model's own state dict.
        file: its name, for the message.

    Raises:
        CheckFailed: naming up to three tensors that differ.
    """
    __tracebackhide__ = True
    other = [
        f"{name} is {tuple(state[name].shape)}, in the model {tuple(shape)}"
        for name, shape in shapes.items()
        if name in state and tuple(state[name].shape) != tuple(shape)
    ]
    missing = [f"{name} is missing" for name in shapes if name not in state]
    extra = [f"{name} is not in the model" for name in state if name not in shapes]
    if found := [*other, *missing, *extra]:
        more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        raise CheckFailed(f"{file} does not fit the model: {'; '.join(found[:_MOST_TOLD])}{more}")
