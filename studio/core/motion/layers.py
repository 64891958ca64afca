"""The names of what may move a head at once; `mixer.blend` adds them."""

from typing import Literal

Layer = Literal["timeline", "base", "speech", "webcam", "user"]
LAYERS: tuple[Layer, ...] = ("timeline", "base", "speech", "webcam", "user")
"""A timeline, idle life, a voice, a face in a camera, and sliders on top."""
