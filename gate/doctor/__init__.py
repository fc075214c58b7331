"""Find out why the gate can't decide, which permissions it needs, and how the API behaves."""

from gate.doctor.diagnosis import DEPLOYMENTS, Deployment, diagnose
from gate.doctor.permissions import FEATURES, PROBES, purposes, ram_policy
from gate.doctor.trials import Result, Trial, gravest, trouble

__all__ = [
    "DEPLOYMENTS",
    "FEATURES",
    "PROBES",
    "Deployment",
    "Result",
    "Trial",
    "diagnose",
    "gravest",
    "purposes",
    "ram_policy",
    "trouble",
]
