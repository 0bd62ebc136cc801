"""What every benchmark returns, so that one report holds them all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. With a `peer`, it is compared with the peer's value; with a target, judged."""

    what: str
    value: float
    unit: str
    peer: str | None = None
    ratio: float | None = None
    """Of the value to the peer's."""
    target: float | None = None
    """For the ratio if there is one, otherwise for the value."""
    at_least: bool = False
    """Whether the target is the least. Otherwise it is the most."""

    @property
    def verdict(self) -> str:
        """Return "met", "missed", or nothing where there is no target."""
        if self.target is None:
            return ""
        judged = self.value if self.ratio is None else self.ratio
        is_met = judged >= self.target if self.at_least else judged <= self.target
        return "met" if is_met else "missed"
