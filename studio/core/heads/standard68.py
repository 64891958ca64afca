"""The 68 standard landmarks of a face (Multi-PIE): jaw line, brows, nose, eyes, mouth, from the right side on."""

JAW_LINE = slice(0, 17)
EYES = {"Right": slice(36, 42), "Left": slice(42, 48)}

ON_FACE_MESH: tuple[int, ...] = (
    127, 234, 93, 58, 172, 150, 149, 148, 152, 377, 378, 379, 397, 288, 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178,
)  # fmt: skip
"""Where they lie on the 478-point face mesh; the nearest point of the same ring where the mesh has none."""
