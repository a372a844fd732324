"""The site that readers see; nothing here imports torch."""

import time

LOADED = time.time_ns()  # code that was saved later is not what runs
