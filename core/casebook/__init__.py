"""What people did in; cases, verdicts, searches, coverage, jobs and a chained log out."""

from core.casebook.cameralog import Change
from core.casebook.casebook import Casebook
from core.casebook.folders import Folders, Watched
from core.casebook.jobs import OPEN, Job, JobKind, Jobs, JobState, NewJob, Order
from core.casebook.ledger import OF_ONE_CASE, Asked, Request, Wish
from core.casebook.records import Case, Category, Coverage, Entry, Export, State

__all__ = [
    "OF_ONE_CASE",
    "OPEN",
    "Asked",
    "Case",
    "Casebook",
    "Category",
    "Change",
    "Coverage",
    "Entry",
    "Export",
    "Folders",
    "Job",
    "JobKind",
    "JobState",
    "Jobs",
    "NewJob",
    "Order",
    "Request",
    "State",
    "Watched",
    "Wish",
]
