"""VMC over the loopback: what is sent arrives, and nothing else gets in."""

import math
import os
import socket
import threading
import time

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.core.motion.vmc import LARGEST_PACKET, VmcDriver, VmcReceiver, VmcSender, perfect_sync, vmc_packets

LIVELY = Motion.arkit(0.0, [0.2, -0.3, 0.1, 0, 0, 0], jawOpen=0.5, eyeBlinkLeft=1.0, mouthSmileRight=0.25)


def message(address: str, *values: object) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)  # pyright: ignore[reportArgumentType]
    return builder.build().dgram


def test_a_frame_goes_over_the_loopback() -> None:
    came = threading.Event()
    driver = VmcDriver()
    receiver = VmcReceiver(driver, port=0, on_frame=lambda: came.set() if driver.heard else None)
    sender = VmcSender(port=receiver.port)
    try:
        end = time.monotonic() + 20
        while not came.is_set() and time.monotonic() < end:  # datagrams may be lost
            sender.send(LIVELY)
            came.wait(0.1)
        frame = driver.read(2.0)
    finally:
        sender.close()
        receiver.close()
    np.testing.assert_allclose(frame.code, LIVELY.code, atol=1e-6)
    np.testing.assert_allclose(frame.head_pose, LIVELY.head_pose, atol=1e-6)
    assert frame.times[0] == 2.0
    assert "vmc" not in [thread.name for thread in threading.enumerate()]


def test_packets_are_small_and_named_as_perfect_sync() -> None:
    packets = vmc_packets(LIVELY)
    assert max(map(len, packets)) <= 1400
    together = b"".join(packets)
    assert together.count(b"/VMC/Ext/Blend/Val") == 52
    assert b"JawOpen" in together
    assert b"Blend/Apply" in packets[-1]
    assert perfect_sync("eyeBlinkLeft") == "EyeBlinkLeft"
    with pytest.raises(ValueError, match="flame"):
        vmc_packets(Motion.from_frames("flame", np.zeros(1), np.zeros((1, 100))))


def test_a_turn_to_the_heads_left_is_one_to_unitys_left() -> None:
    """About y, Unity's left-handed space turns to +x, the avatar's right, where ours turns to the head's left."""
    driver = VmcDriver()
    half = math.radians(20) / 2
    driver.push(message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, 0.0, -math.sin(half), 0.0, math.cos(half)))
    driver.push(message("/VMC/Ext/Blend/Apply"))
    np.testing.assert_allclose(driver.read(0.0).head_pose[0, :3], [0, math.radians(20), 0], atol=1e-6)


def test_names_of_either_case_are_known_and_shown_once_applied() -> None:
    driver = VmcDriver()
    assert driver.push(message("/VMC/Ext/Blend/Val", "jawOpen", 0.5))
    assert driver.read(0.0).code.max() == 0
    assert driver.push(message("/VMC/Ext/Blend/Val", "JAWOPEN", 0.75))
    assert driver.push(message("/VMC/Ext/Blend/Apply"))
    assert driver.read(0.0).code[0, ARKIT_INDEX["jawOpen"]] == 0.75
    driver.reset()
    assert not driver.heard


def nested(depth: int) -> bytes:
    packet = message("/VMC/Ext/Blend/Val", "JawOpen", 1.0)
    for _ in range(depth):
        packet = b"#bundle\0" + bytes(7) + b"\1" + len(packet).to_bytes(4, "big") + packet
    return packet


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        os.urandom(500),
        message("/VMC/Ext/Blend/Val", "JawOpen", float("nan")),
        message("/VMC/Ext/Blend/Val", "JawOpen", float("inf")),
        message("/VMC/Ext/Blend/Val", "JawOpen", "wide"),
        message("/VMC/Ext/Blend/Val", "JawOpen"),
        message("/VMC/Ext/Blend/Val", 3, 1.0),
        message("/VMC/Ext/Blend/Val", "__class__", 1.0),
        message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, float("nan"), 0.0, 0.0, 1.0),
        message("/VMC/Ext/Bone/Pos", "Head", 0.0),
        message("/VMC/Ext/Blend/Val", "JawOpen", 1.0)[:-3],
        nested(350),
        b"#bundle\0" + b"\xff" * 200,
        bytes(LARGEST_PACKET + 1),
    ],
)
def test_hostile_packets_change_nothing(packet: bytes) -> None:
    driver = VmcDriver()
    driver.push(message("/VMC/Ext/Blend/Val", "JawOpen", 0.5))
    driver.push(message("/VMC/Ext/Blend/Apply"))
    driver.push(packet)
    driver.push(message("/VMC/Ext/Blend/Apply"))
    frame = driver.read(0.0)
    if b"bundle" not in packet or b"\xff" in packet:
        assert frame.code[0, ARKIT_INDEX["jawOpen"]] == 0.5
    assert np.isfinite(frame.code).all()
    assert frame.head_pose.max() == 0


def test_values_and_turns_are_bounded() -> None:
    driver = VmcDriver()
    bundle = OscBundleBuilder(IMMEDIATELY)
    for value in (7.0, -7.0):
        builder = OscMessageBuilder("/VMC/Ext/Blend/Val")
        builder.add_arg("JawOpen" if value > 0 else "TongueOut")
        builder.add_arg(value)
        bundle.add_content(builder.build())  # pyright: ignore[reportArgumentType]
    driver.push(bundle.build().dgram)
    for bone in ("Head", "Neck"):
        driver.push(message("/VMC/Ext/Bone/Pos", bone, 0.0, 0.0, 0.0, 0.0, 0.7, 0.0, 0.7))
    driver.push(message("/VMC/Ext/Blend/Apply"))
    frame = driver.read(0.0)
    assert (frame.code[0, ARKIT_INDEX["jawOpen"]], frame.code.min()) == (1.0, 0.0)
    assert np.linalg.norm(frame.head_pose[0, :3]) <= math.radians(100) + 1e-6


def test_a_taken_port_and_an_unknown_host_say_what_to_do() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(UserError, match="take another"):
            VmcReceiver(VmcDriver(), port=taken.getsockname()[1])
    with pytest.raises(UserError, match="no computer"):
        VmcSender("not a host name")
