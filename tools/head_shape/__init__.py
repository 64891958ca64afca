"""The built-in head by description: `tools/build_head_template.py` assembles it.

Lengths are interocular distances in the face frame of `studio.core.heads.anatomy`: x to the head's left, y down,
z out of the face. Proportions that no landmark tells (skull, ears, neck, teeth) are rounded measurements of adult
heads; each stands beside the number it made.
"""
