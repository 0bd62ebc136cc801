"""Everything that speaks HTTP: routing, requests, answers, and who is calling."""
