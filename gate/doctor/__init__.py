"""Find out why the gate can't decide, which permissions it needs, and how the API behaves."""

from gate.doctor.diagnosis import DEPLOYMENTS, Deployment, diagnose
from gate.doctor.permissions import FEATURES, PROBES, purposes, ram_policy
from gate.doctor.readings import Reading, observe_readings
from gate.doctor.trials import Result, Trial, gravest, trouble

__all__ = [
    "DEPLOYMENTS",
    "FEATURES",
    "PROBES",
    "Deployment",
    "Reading",
    "Result",
    "Trial",
    "diagnose",
    "gravest",
    "observe_readings",
    "purposes",
    "ram_policy",
    "trouble",
]
