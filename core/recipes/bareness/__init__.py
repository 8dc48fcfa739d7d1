"""The recipe of the judge of bare lower faces: what covers one, what the judge learns."""
