"""The recipe for a GPU, at a small size on the processor: its figures need a GPU, its parts do not."""

import sys
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

torch = pytest.importorskip("torch")

from coursekit.training import Settings  # noqa: E402

FILE = Path(__file__).parents[2] / "assignments" / "a5_cnn" / "given" / "fast.py"


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the recipe, with a small network and small batches."""
    spec = util.spec_from_file_location("fast", FILE)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fast", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "WIDTHS", (8, 16, 16))
    monkeypatch.setattr(module, "BATCH", 50)
    return module


def coloured(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Make noise whose colour says the class, 0 to 2."""
    labels = torch.arange(count) % 3
    images = torch.randint(0, 90, (count, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images[torch.arange(count), :, :, labels] += 150
    return images, labels


def test_it_learns(fast: ModuleType) -> None:
    """Easy images are told apart after a few passes, and the seed decides."""
    images, labels = coloured(300)
    (model, seconds), (again, _) = (fast.train(Settings(device="cpu", seed=3), images, labels, 6) for _ in range(2))

    assert (fast.logits(model, images).argmax(dim=1) == labels).float().mean() > 0.9
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True))
    assert seconds > 0


def test_whitened_patches_have_unit_variance_and_no_correlation(fast: ModuleType) -> None:
    """The kernels are made of the eigenvectors of the patches' second moments."""
    x = torch.randn(50, 3, 12, 12, generator=torch.Generator().manual_seed(0)).cumsum(-1)
    seen = torch.nn.functional.conv2d(x, fast.whitening(x, floor=0.0)[:12]).permute(1, 0, 2, 3).flatten(1)

    assert torch.allclose(seen @ seen.T / seen.shape[1], torch.eye(12), atol=1e-3)


def test_every_pass_holds_each_image_once_and_flips_it_every_other_time(fast: ModuleType) -> None:
    """Images that say their number in each pixel of their left half show which side they are on."""
    x = torch.zeros(20, 3, 8, 8)
    x[:, :, :, :4] = torch.arange(1.0, 21).reshape(20, 1, 1, 1)
    stream = fast.passes(x, torch.arange(20), 10)
    sides = []
    for _ in range(4):
        batches = [next(stream) for _ in range(2)]
        seen, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
        assert sorted(labels.tolist()) == list(range(20))
        assert torch.equal(seen.amax(dim=(1, 2, 3)) - 1, labels.float())
        sides.append((seen[:, 0, :, 1].sum(dim=1) == 0)[labels.argsort()])

    assert torch.equal(sides[0], sides[2])
    assert torch.equal(sides[0], ~sides[1])


def test_the_learning_rate_rises_and_falls_on_straight_lines(fast: ModuleType) -> None:
    """From a fifth to the whole at 23 of 100 steps, then down to 7 %."""
    assert [fast.slope(step, 100) for step in (0, 23, 100)] == pytest.approx([0.2, 1.0, 0.07])
