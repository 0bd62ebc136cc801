"""Every order of the calls of AWS that several operations make at the same time."""
