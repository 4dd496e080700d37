"""All faults, in the order of the failure table."""

from __future__ import annotations

from tests.prove import faults_processes

FAULTS = (*faults_processes.FAULTS,)
