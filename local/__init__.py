"""The whole stack on one machine: the emulator, the deploy, the demo users and the sample photo."""
