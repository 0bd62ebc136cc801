"""Comparing what tables, buckets and queues of a stack say of each other, and repairing it.

A module for each thing that is compared. Each reads in pages, and reads again what it suspects
before it reports it. `run.py` goes through them. Repairs are made with the functions and conditions
of the service itself, so the service may run meanwhile. It is no part of the functions, because
none of them may do so much.

Whoever imports a module of this package has to set the environment that `photodrop.config` reads:
see `local/reconcile.py`.
"""
