"""The built-in head by description: `tools/build_head_template.py` assembles it.

Lengths are interocular distances in the face frame of `studio.core.heads.anatomy`: x to the head's left, y down,
z out of the face. Proportions that no landmark tells are numbers in these files: skull and neck by widths and
depths measured on the neutral head of ICT-FaceKit (MIT), rounded and then set by eye; ears, shoulders, teeth and
tongue by description. No vertex, triangle or displacement of that head is used.
"""
