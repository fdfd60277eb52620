"""Training: batches, the loop, early stopping, and a resume that changes nothing."""

import dataclasses
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from coursekit.training import Batches, Settings, Training, arguments, choose_device, seed_everything  # noqa: E402

SETTINGS = Settings(epochs=4, batch_size=8, lr=0.1, device="cpu")


def _prepare(batch: torch.Tensor) -> torch.Tensor:
    return batch.float() / 255


def _batches(seed: int | None = None, count: int = 30, size: int = 8) -> Batches:
    """Cut images whose class is written into their first pixels."""
    labels = torch.arange(count) % 3
    images = torch.zeros(count, 1, 2, 3, dtype=torch.uint8)
    images[torch.arange(count), 0, 0, labels] = 200
    return Batches(images, labels, size, _prepare, "cpu", seed)


def _training(out: Path, **changes: object) -> Training:
    seed_everything(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.9)
    settings = dataclasses.replace(SETTINGS, out=out, **changes)  # type: ignore[arg-type]
    return Training(model, optimizer, torch.nn.CrossEntropyLoss(), settings, scheduler)


def test_batches_hold_every_image_once_in_a_new_order() -> None:
    """The last one is smaller; without a seed the order stays."""
    batches = _batches(seed=0)
    first, second = ([y for _, y in batches] for _ in range(2))

    assert [len(y) for y in first] == [8, 8, 8, 6]
    assert len(batches) == 4
    assert sorted(torch.cat(first).tolist()) == sorted(torch.cat(second).tolist())
    assert torch.cat(first).tolist() != torch.cat(second).tolist()
    assert torch.cat([y for _, y in _batches()]).tolist() == [0, 1, 2] * 10


def test_images_and_labels_stay_together() -> None:
    """Each image says its class; bytes become what `prepare` makes of them."""
    for x, y in _batches(seed=1):
        assert (x[:, 0, 0].argmax(dim=1) == y).all()
        assert x.max() == pytest.approx(200 / 255)


def test_a_training_learns_and_writes_what_it_saw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line, a checkpoint and a curve for each epoch; no bar in a pipe."""
    history = _training(tmp_path).fit(_batches(seed=0), _batches())
    said = capsys.readouterr()

    assert history.train_loss[-1] < history.train_loss[0]
    assert history.val_accuracy[-1] == 1.0
    assert (len(said.out.splitlines()), said.err) == (4, "")
    assert {file.name for file in tmp_path.iterdir()} == {"best.pt", "checkpoint.pt", "curve.svg"}


def test_a_resumed_training_is_the_same_to_the_bit(tmp_path: Path) -> None:
    """Weights, momentum, learning rate, order and dropout go on where they were."""
    whole = _training(tmp_path / "whole")
    whole.fit(_batches(seed=0), _batches())
    _training(tmp_path / "parts", epochs=2).fit(_batches(seed=0), _batches())
    rest = _training(tmp_path / "parts", resume=True)
    torch.manual_seed(99)
    rest.fit(_batches(seed=0), _batches())

    assert rest.history.train_loss == whole.history.train_loss
    states = zip(whole.model.state_dict().values(), rest.model.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in states)


def test_without_a_checkpoint_resuming_says_so(tmp_path: Path) -> None:
    """The message says what to do first."""
    with pytest.raises(
        FileNotFoundError, match="checkpoint.pt: there is no checkpoint .* train without --resume first"
    ):
        _training(tmp_path, resume=True).fit(_batches(seed=0), _batches())


def test_it_stops_when_nothing_gets_better_and_ends_with_the_best(tmp_path: Path) -> None:
    """Patience counts epochs since the best one, whose weights come back."""
    training = _training(tmp_path, epochs=9, patience=2)
    losses = iter([0.5, 0.3, 0.4, 0.35])
    seen = []

    def evaluate(_: Batches) -> tuple[float, float]:
        seen.append(training.model[1].weight.clone())
        return next(losses), 0.0

    training.evaluate = evaluate  # type: ignore[method-assign]
    history = training.fit(_batches(seed=0), _batches())

    assert history.val_loss == [0.5, 0.3, 0.4, 0.35]
    assert torch.equal(training.model[1].weight, seen[1])


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path) -> None:
    """With the epoch, and what to try."""
    training = _training(tmp_path)
    with torch.no_grad():
        training.model[1].weight.fill_(float("nan"))

    with pytest.raises(FloatingPointError, match="epoch 1 of 4: the loss is nan; try a lower learning rate"):
        training.fit(_batches(seed=0), _batches())


def test_evaluation_weighs_each_image_the_same(tmp_path: Path) -> None:
    """Thirty images in batches of 8 and in one batch give the same loss, dropout or not."""
    training = _training(tmp_path)
    one, other = training.evaluate(_batches()), training.evaluate(_batches(size=30))

    assert one == pytest.approx(other)


def test_the_command_line_has_every_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names as in Settings; what is not said is the default."""
    monkeypatch.setattr("sys.argv", ["train.py", "--epochs", "3", "--device", "cpu", "--out", "x", "--resume"])

    assert arguments("Train.", lr=0.5) == Settings(epochs=3, lr=0.5, device="cpu", out=Path("x"), resume=True)


def test_auto_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is taken as it is."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert (choose_device("auto").type, choose_device("cpu").type) == ("cpu", "cpu")
