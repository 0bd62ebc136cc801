"""Who is calling."""

from dataclasses import dataclass

STAFF_GROUP = "staff"
ORGANIZERS_GROUP = "organizers"


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user. `user_id` is the token's `sub`; `email` is lower case and verified."""

    user_id: str
    email: str | None
    groups: frozenset[str]

    @property
    def is_staff(self) -> bool:
        """Whether they belong to the staff. `permissions` says what staff may do."""
        return STAFF_GROUP in self.groups

    @property
    def is_organizer(self) -> bool:
        """Whether they may create events."""
        return ORGANIZERS_GROUP in self.groups
