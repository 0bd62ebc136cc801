"""Everything that speaks HTTP: routes' resolver, requests' fields, answers, and who is calling."""
