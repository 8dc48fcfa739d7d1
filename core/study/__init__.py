"""Labelled pictures, or cities with truth, in; calibrations and the figures of the field out."""

from core.study.agreeing import agreement
from core.study.calibrate import calibrate
from core.study.claimplot import claims_pictures
from core.study.evaluate import faces, reid
from core.study.finding import detection
from core.study.judging import attributes
from core.study.openset import open_set, open_set_text
from core.study.routetest import route_test, route_text
from core.study.sitefit import fit_site, undo_site
from core.study.tables import Data, tables
from core.study.tracktest import track_test, track_text

__all__ = [
    "Data",
    "agreement",
    "attributes",
    "calibrate",
    "claims_pictures",
    "detection",
    "faces",
    "fit_site",
    "open_set",
    "open_set_text",
    "reid",
    "route_test",
    "route_text",
    "tables",
    "track_test",
    "track_text",
    "undo_site",
]
