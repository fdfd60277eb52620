"""The reference in its container: what the claim says of scores and times; a real engine is met by tests/handins."""

import json
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.errors import BuildError
from autograder.proof import container
from autograder.proof.container import within_container


class Engine:
    """Stands for docker: each container ends at once, and has written this score."""

    def __init__(self, score: float | None) -> None:
        self.score, self.asked = score, [""]

    def __call__(self, *words: str) -> str:
        """Answer a docker command."""
        self.asked.append(" ".join(words))
        if words[0] == "run" and self.score is not None:
            (results,) = [word.split("=")[1].split(":")[0] for word in words if word.endswith(":/autograder/results")]
            (Path(results) / "results.json").write_text(json.dumps({"score": self.score}), encoding="utf-8")
        return "1234567" if words[0] == "inspect" else "name"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Give an engine whose containers earn all ten points."""
    made = Engine(10)
    monkeypatch.setattr(container, "docker", made)
    monkeypatch.setattr(container, "build_image", lambda zip_path, tag, base: f"{zip_path} {tag} {base}")
    return made


def test_a_container_that_earns_everything_keeps_the_claim(small: Assignment, engine: Engine) -> None:
    """With the budget's memory, half a processor and no network; the image is removed."""
    claim = within_container(small, "salt", "debian")

    assert claim.holds
    assert claim.text == "its container earns everything in 600 s with 768 MiB"
    (run,) = [words for words in engine.asked if words.startswith("run")]
    assert "--network=none --cpus=0.5 --memory=805306368" in run
    assert "image rm autograder-proof:small" in engine.asked


@pytest.mark.parametrize(("score", "said"), [(7, "it earns 7 of 10 points"), (None, "it earns None of 10 points")])
def test_a_container_that_earns_less_breaks_it(
    small: Assignment, engine: Engine, score: float | None, said: str
) -> None:
    """Also one that wrote no result."""
    engine.score = score

    assert said in within_container(small, "salt", "debian").broken


def test_one_that_takes_too_long_breaks_it(small: Assignment, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From start to end."""
    monkeypatch.setattr(container, "SECONDS", 0.0)

    assert "it takes 0 s" in within_container(small, "salt", "debian").broken
    assert engine.asked


def test_without_docker_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is built."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(BuildError, match="a container needs docker\n.*verify without --container"):
        container.docker("info")
