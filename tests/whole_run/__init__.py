"""What a whole run of the tests must show when it ends: permissions used, and logs that are clean.

Every stack that the tests start records what happens in it (`local/emulator/recording.py`).
`plugin` reads that when the last test has ended, and fails the run if `permissions` or `logs` finds
anything.
"""
