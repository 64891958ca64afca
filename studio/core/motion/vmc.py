"""Motion to and from other programs by the VMC protocol: OSC over UDP; the only module that knows python-osc.

Blendshapes go by the names of "Perfect Sync", which are ARKit's with a capital first letter; the head turns as the
bone ``Head``. Unity's space is left-handed: x to the avatar's right, y up, z forward. See protocol.vmc.info (English
specification 2.7: ``/VMC/Ext/Blend/Val``, ``/VMC/Ext/Blend/Apply``, ``/VMC/Ext/Bone/Pos``, ``/VMC/Ext/OK``).
"""

import math
import socket
import threading
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.motion.motion import Motion

HOST, PORT_OUT, PORT_IN = "127.0.0.1", 39539, 39540
"""As the protocol has them: a performer listens on 39539; we listen beside it."""
LARGEST_PACKET = 8192  # bytes; what is larger is no VMC
_BUNDLE = 1300  # bytes: below what every network carries in one piece
_LARGEST_TURN = math.radians(100)
_PATIENCE = 0.2  # s between looks whether to end
_NAMES = {name.lower(): index for name, index in ARKIT_INDEX.items()}
_MIRROR = np.array([1.0, -1.0, -1.0, 1.0])
"""Of quaternions xyzw: head space and Unity's are each other's mirror image, left and right."""


def perfect_sync(name: str) -> str:
    """Return the name of an ARKit blendshape in Perfect Sync: ``JawOpen``."""
    return name[0].upper() + name[1:]


def vmc_packets(frame: Motion) -> list[bytes]:
    """Return one ARKit frame (T=1) as OSC bundles, the last of which applies them all.

    Raises
    ------
    ValueError
        If the motion is not ``arkit``.
    """
    if frame.space != "arkit":
        raise ValueError(f"motion of space {frame.space} has no ARKit channels")
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
    from pythonosc.osc_message_builder import OscMessageBuilder

    def message(address: str, *values: str | float | int):
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        return builder.build()

    turn = Rotation.from_rotvec(frame.head_pose[0, :3].astype(np.float64)).as_quat() * _MIRROR
    messages = [message("/VMC/Ext/OK", 1), message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, *map(float, turn))]
    messages += [
        message("/VMC/Ext/Blend/Val", perfect_sync(name), float(frame.code[0, i])) for i, name in enumerate(ARKIT_NAMES)
    ]
    messages.append(message("/VMC/Ext/Blend/Apply"))
    packets: list[bytes] = []
    builder, size = OscBundleBuilder(IMMEDIATELY), 16
    for item in messages:
        if size + item.size + 4 > _BUNDLE:
            packets.append(builder.build().dgram)
            builder, size = OscBundleBuilder(IMMEDIATELY), 16
        builder.add_content(item)
        size += item.size + 4
    return [*packets, builder.build().dgram]


class VmcSender:
    """Sends frames to a program that listens for VMC; nobody need be there.

    Raises
    ------
    UserError
        If the host is unknown.
    """

    def __init__(self, host: str = HOST, port: int = PORT_OUT) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise UserError(f"There is no computer '{host}'; give its name or address, such as 127.0.0.1.") from error
        family, *_, self._address = found[0]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, frame: Motion) -> None:
        """Send one ARKit frame (T=1); what cannot leave at once is dropped, as a late frame is worth nothing."""
        try:
            for packet in vmc_packets(frame):
                self._socket.sendto(packet, self._address)
        except OSError:  # full, or nobody listens on this machine
            return

    def close(self) -> None:
        """Send no more."""
        self._socket.close()


class VmcDriver:
    """Turns VMC packets into motion; a `Driver` whose source is another program.

    What is no VMC, not finite or not known is left out: packets come from whoever can reach the port.
    """

    source: ClassVar[str] = "vmc"
    space: ClassVar[str] = "arkit"
    look_ahead: ClassVar[float] = 0.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything that came."""
        with self._lock:
            self._coming = np.zeros(len(ARKIT_NAMES), np.float32)
            self._turns: dict[str, NDArray[np.float64]] = {}
            self._shown: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def push(self, packet: bytes) -> bool:
        """Take one datagram in; return whether it was one of VMC."""
        from pythonosc.osc_packet import OscPacket, ParseError

        if not 0 < len(packet) <= LARGEST_PACKET:
            return False
        try:
            messages = [timed.message for timed in OscPacket(packet).messages]
        except (ParseError, RecursionError, ValueError, OverflowError, IndexError, TypeError):
            return False
        with self._lock:
            return any([self._take(message.address, list(message.params)) for message in messages])

    def _take(self, address: str, values: list) -> bool:
        if address == "/VMC/Ext/Blend/Val" and len(values) == 2 and isinstance(values[0], str):
            index = _NAMES.get(values[0].lower())
            if index is None or not _finite(values[1:]):
                return False
            self._coming[index] = min(max(float(values[1]), 0.0), 1.0)
        elif address == "/VMC/Ext/Bone/Pos" and len(values) == 8 and values[0] in ("Head", "Neck"):
            if not _finite(values[1:]):
                return False
            quat = np.array(values[4:], np.float64)
            length = float(np.linalg.norm(quat))
            if not 0.5 < length < 2:
                return False
            self._turns[values[0]] = quat / length * _MIRROR
        elif address == "/VMC/Ext/Blend/Apply":
            self._shown = self._coming.copy(), self._pose()
        else:
            return address in ("/VMC/Ext/OK", "/VMC/Ext/T")
        return True

    def _pose(self) -> NDArray[np.float32]:
        turn = Rotation.identity()
        for bone in ("Neck", "Head"):
            if bone in self._turns:
                turn = turn * Rotation.from_quat(self._turns[bone])
        vector = turn.as_rotvec()
        angle = float(np.linalg.norm(vector))
        if angle > _LARGEST_TURN:
            vector *= _LARGEST_TURN / angle
        return np.concatenate([vector, np.zeros(3)]).astype(np.float32)

    @property
    def heard(self) -> bool:
        """Whether a whole frame has come yet."""
        return self._shown is not None

    def read(self, time: float) -> Motion:
        """Return the newest frame (T=1), at rest before the first."""
        with self._lock:
            shown = self._shown
        if shown is None:
            return Motion.neutral(time)
        return Motion.from_frames("arkit", np.array([time]), shown[0][None], shown[1][None])


def _finite(values: list) -> bool:
    return all(isinstance(value, int | float) and math.isfinite(value) for value in values)


class VmcReceiver:
    """Listens on a port, on a thread of its own, and hands what comes to a `VmcDriver`.

    Parameters
    ----------
    host
        127.0.0.1 hears this computer alone, 0.0.0.0 the whole network.
    on_frame
        Called on the thread after every packet of VMC.

    Raises
    ------
    UserError
        If the port is taken or the address is not this computer's.
    """

    def __init__(
        self,
        driver: VmcDriver,
        host: str = HOST,
        port: int = PORT_IN,
        on_frame: Callable[[], None] = lambda: None,
    ) -> None:
        self._driver, self._on_frame = driver, on_frame
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise UserError(
                f"Port {port} cannot be listened on; end the program that has it or take another."
            ) from error
        self._socket.settimeout(_PATIENCE)
        self.port: int = self._socket.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="vmc", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                packet = self._socket.recv(LARGEST_PACKET + 1)
            except TimeoutError:
                continue
            except OSError:
                return
            if self._driver.push(packet):
                self._on_frame()

    def close(self) -> None:
        """Listen no more; the thread has ended afterwards."""
        self._ended.set()
        self._thread.join()
        self._socket.close()
