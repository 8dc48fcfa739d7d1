"""Pictures with boxes of people in; a person detector that the product reads, out.

plan -> scenes -> compose -> network, assign, losses -> training -> export and card; `teacher` makes
boxes for pictures that have none with a detector that is already there.
"""
