"""Photodrop's command-line client: it talks to the service by its public API alone.

::

    main ──► uploads ──► api ──► transport
      │         ├──► files        what is on this machine's disk
      │         └──► display      what a person sees meanwhile
      └──► credentials ──► targets, accounts      which service, and as whom
"""
