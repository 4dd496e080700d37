"""All faults, by what they befall: the sections of the failure table."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from tests.prove import (
    faults_clock,
    faults_network,
    faults_processes,
    faults_protime,
    faults_sinks,
    faults_store,
    faults_upgrade,
)
from tests.prove.fault import Fault

GROUPS: Mapping[str, tuple[Fault, ...]] = {
    "Processes": faults_processes.FAULTS,
    "Redis": faults_store.FAULTS,
    "The network": faults_network.FAULTS,
    "Releases": faults_upgrade.FAULTS,
    "Clocks": faults_clock.FAULTS,
    "Protime": faults_protime.FAULTS,
    "Sinks": faults_sinks.FAULTS,
}
FAULTS: tuple[Fault, ...] = tuple(chain.from_iterable(GROUPS.values()))
