"""The recipe of a face detector of three small networks (MTCNN): what is drawn, what it learns."""
