"""All faults, in the order of the failure table."""

from __future__ import annotations

from tests.prove import (
    faults_clock,
    faults_network,
    faults_processes,
    faults_protime,
    faults_sinks,
    faults_store,
    faults_upgrade,
)

FAULTS = (
    *faults_processes.FAULTS,
    *faults_store.FAULTS,
    *faults_network.FAULTS,
    *faults_upgrade.FAULTS,
    *faults_clock.FAULTS,
    *faults_protime.FAULTS,
    *faults_sinks.FAULTS,
)
