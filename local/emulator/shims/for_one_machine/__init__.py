"""What a stack on one machine needs besides: to survive restarts, to be quick, small and safe.

AWS has no such modules, because it has no restarts, no ports and no other programs beside it.
"""
