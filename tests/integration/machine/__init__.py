"""The whole machine as ``make up`` brings it up: its demo, its README, and how it takes being killed."""
