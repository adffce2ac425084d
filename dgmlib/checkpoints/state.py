"""What of a training run must survive being killed, in one file that is always whole.

A safetensors file: arrays, and where the run stands as JSON in its header. It is written under
another name and then takes the old one's place, so a kill leaves the old state or the new one.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

Arrays = dict[str, np.ndarray]


@dataclass
class State:
    weights: Arrays
    moments: Arrays = field(
        default_factory=dict
    )  # Adam's, of the running phase: "m/name", "v/name"
    measured: Arrays = field(default_factory=dict)  # per test image, so far
    phase: int = 0
    step: int = 0  # within the phase
    seconds: float = 0.0  # of work, over all resumptions
    devices: list[str] = field(default_factory=list)


def save(state: State, path: Path, fingerprint: str) -> None:
    """Writes ``state`` so that a kill at any point leaves a whole file."""
    groups = {"weights": state.weights, "moments": state.moments, "measured": state.measured}
    arrays = {f"{g}/{k}": np.ascontiguousarray(v) for g, d in groups.items() for k, v in d.items()}
    where = dict(phase=state.phase, step=state.step, seconds=state.seconds, devices=state.devices)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    save_file(arrays, new, {"where": json.dumps(where), "recipe": fingerprint})
    with new.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(new, path)


def load(path: Path, fingerprint: str) -> State:
    """The state in ``path``. ValueError if it belongs to another recipe or to other data."""
    with safe_open(path, "np") as file:
        about = file.metadata() or {}
        if about.get("recipe") != fingerprint:
            raise ValueError(
                f"{path.name} is the state of another recipe or of other data; "
                "train with --fresh to begin anew"
            )
        state = State({}, **json.loads(about["where"]))
        for name in file.keys():  # noqa: SIM118 - not a dictionary
            group, _, key = name.partition("/")
            getattr(state, group)[key] = file.get_tensor(name)
    return state
