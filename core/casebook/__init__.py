"""What people did in; cases, verdicts, searches, coverage and a chained log out."""

from core.casebook.casebook import Casebook
from core.casebook.records import Case, State

__all__ = ["Case", "Casebook", "State"]
