"""The embedded AWS: ministack, with the gaps that our stack would fall into filled by `shims`.

Run it as `python -m local.emulator`. It is configured by ministack's own environment variables;
see `environment()` in `local.emulator.settings` for the ones a deployment of Photodrop needs.
"""
