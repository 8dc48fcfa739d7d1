"""What people did in; cases, verdicts, searches, coverage, jobs and a chained log out."""

from core.casebook.casebook import Casebook
from core.casebook.folders import Folders, Watched
from core.casebook.jobs import Job, Jobs, JobState, NewJob, Order
from core.casebook.records import Case, State

__all__ = [
    "Case",
    "Casebook",
    "Folders",
    "Job",
    "JobState",
    "Jobs",
    "NewJob",
    "Order",
    "State",
    "Watched",
]
