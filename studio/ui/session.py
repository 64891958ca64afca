"""`Session`: what the window shows and does right now; the GUI thread is its only writer."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

from psygnal import SignalGroupDescriptor

from studio.core.avatar import Avatar, Background
from studio.core.engines.base import BuildOptions
from studio.core.motion.layers import Layer
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.speech.settings import SpeechSettings
from studio.core.tracking.gains import FaceGains

RATE = 16000  # Hz, of everything heard

Source = Literal["microphone", "webcam", "both"]
"""What drives live: speech alone, a filmed face alone, or the lips by speech and the rest by the face."""
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True)
class DriveSettings:
    """How the head is moved; handed whole to the drive thread."""

    speech: SpeechSettings = field(default_factory=SpeechSettings)
    """How sound moves the mouth."""
    head: float = 1.0
    """Gain of the idle head motion."""
    blink: bool = True
    at_rest: bool = True
    """Blink and breathe also while nothing is heard."""
    monitor: bool = False
    """Play the microphone again, as late as the picture."""
    monitor_shift: float = 0.0
    """s by which that sound leaves after the picture."""
    source: Source = "microphone"
    face: FaceGains = field(default_factory=FaceGains)
    """How much of the filmed face reaches the head."""
    mirror: bool = False
    """Whether the head moves as the user's mirror image."""

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"{self.source} is no source")


@dataclass(eq=False)
class Session:
    """State of the window; every field announces its changes through ``events``."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    selected: str = ""
    """Key of the library entry on show, "" for none."""
    avatar: Avatar | None = None
    """The head on show: a finished one, or the newest preview of a build."""
    orbit: Orbit = field(default_factory=Orbit)
    background: Background = "plate"
    options: BuildOptions = field(default_factory=BuildOptions)
    """What the next build is made with."""
    show_guessed: bool = False
    """Whether what the portrait did not show is tinted on screen."""
    show_guides: bool = False
    """Whether thirds and safe areas lie over the head on screen."""
    render_size: int = 512
    expression: Motion = field(default_factory=Motion.neutral)
    """What the sliders ask for, on top of everything else."""
    drive: DriveSettings = field(default_factory=DriveSettings)
    listening: bool = False
    microphone: str | None = None
    """Name of the chosen input device; None takes the system's."""
    output: str | None = None
    """Name of the chosen sound output; None takes the system's."""
    camera: str | None = None
    """Name of the chosen webcam; None takes the first."""
    playing: bool = False
    recording: bool = False
    """Whether a take is being written."""
    layers_off: frozenset[Layer] = frozenset()
    """Layers of the face that take no part."""
    status: str = ""
