"""What a process took, as the system says."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def taken(command, environment=(), cores=None):
    """CPU seconds and peak memory (MB, as often as it can be looked at) of a process; and what it printed.

    `environment` is added to this process's own; `cores` are the only ones that it may run on.
    """
    keep_to = cores and (lambda: os.sched_setaffinity(0, cores))
    with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command, stdout=text, stderr=told, env=os.environ | dict(environment), preexec_fn=keep_to
        )
        memory, ended = 0, 0
        while not ended:
            memory = max(memory, high_water(process.pid))
            time.sleep(0.02)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        text.seek(0), told.seek(0)
        if status:
            sys.exit(f"{' '.join(map(str, command))}: {told.read().decode()[-400:]}")
        return used.ru_utime + used.ru_stime, memory, text.read().decode()


def high_water(pid):
    """Peak memory of a process so far, in MB. (What `wait4` says of it begins with the memory of this one.)"""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), default=0)
