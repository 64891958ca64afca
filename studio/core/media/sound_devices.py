"""Microphones and outputs by names that stay the same when they are plugged in again."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from studio.core.errors import UserError
from studio.core.media import pulse
from studio.core.media.portaudio import devices, lock, port_audio

_CARD_NUMBER = re.compile(r" \(hw:\d+,\d+\)$")  # ALSA counts cards in the order they were plugged in
MAX_CHANNELS = 2


class DeviceMissingError(UserError):
    """The wanted device is not there now; it may come back."""


@dataclass(frozen=True)
class SoundDevice:
    """A microphone or an output.

    Attributes
    ----------
    name
        What people and settings call it.
    default
        Whether the system prefers it.
    rate, channels
        Its own, Hz; at most `MAX_CHANNELS`.
    portaudio
        PortAudio's name for it.
    routed
        The sound server's name for it where PortAudio reaches it only through the server, else "".
    """

    name: str
    default: bool
    rate: int
    channels: int
    portaudio: str
    routed: str = ""


def input_devices() -> list[SoundDevice]:
    """Return the microphones present now: the default one first, echoes of outputs last.

    Raises
    ------
    UserError
        If PortAudio is not installed or does not answer.
    """
    return _list("source")


def output_devices() -> list[SoundDevice]:
    """Return the outputs present now, the default one first.

    Raises
    ------
    UserError
        If PortAudio is not installed or does not answer.
    """
    return _list("sink")


def find_input(wanted: str | None) -> SoundDevice:
    """Return the microphone of that name, the system's for None.

    Raises
    ------
    DeviceMissingError
        If it, or any microphone, is missing.
    UserError
        If PortAudio is not installed or does not answer.
    """
    found = input_devices()
    if not found:
        raise DeviceMissingError("No microphone was found; plug one in, or open a recording instead.")
    for device in found:
        if device.name == wanted or wanted is None:
            return device
    names = ", ".join(f"'{device.name}'" for device in found)
    raise DeviceMissingError(f"The microphone '{wanted}' is not there; plug it in, or choose one of {names}.")


def find_output(wanted: str | None) -> SoundDevice:
    """Return the output of that name, the system's for None.

    Raises
    ------
    DeviceMissingError
        If it, or any output, is missing.
    UserError
        If PortAudio is not installed or does not answer.
    """
    for device in output_devices():
        if device.name == wanted or wanted is None:
            return device
    name = "Any sound output" if wanted is None else f"The output '{wanted}'"
    raise DeviceMissingError(f"{name} is missing; connect it, or choose another under Preferences.")


def stream_device(kind: pulse.Kind, opened: SoundDevice) -> SoundDevice | None:
    """Return where the stream of this program that was opened on a device runs now.

    A sound server moves streams without a word. Usually the answer is `opened` itself; another device if a person
    moved the stream in the system's settings; None if `opened` is gone.
    """
    if not opened.routed:
        return opened
    at, known = pulse.current(kind), pulse.endpoints(kind)
    if at is None or known is None:
        return opened
    if all(end.name != opened.routed for end in known):
        return None
    now = next((end for end in known if end.index == at), None)
    if now is None or now.name == opened.routed:
        return opened
    return replace(opened, name=now.description, default=now.default, routed=now.name)


def portaudio_index(sounddevice: ModuleType, kind: pulse.Kind, device: SoundDevice) -> int | None:
    """Return the number PortAudio gives a device now; None if it was plugged in after PortAudio's last listing."""
    channels = "max_input_channels" if kind == "source" else "max_output_channels"
    for item in sounddevice.query_devices():
        if item["name"] == device.portaudio and item[channels] > 0:
            return int(item["index"])
    return None


def _list(kind: pulse.Kind) -> list[SoundDevice]:
    found = _behind_server(kind)
    if found is None:
        listed, defaults = devices()
        default = defaults[kind == "sink"]
        channels = "max_input_channels" if kind == "source" else "max_output_channels"
        found = [
            SoundDevice(name, item["index"] == default, int(item["default_samplerate"]),
                        min(item[channels], MAX_CHANNELS), item["name"])
            for name, item in _named([item for item in listed if item[channels] > 0])
        ]  # fmt: skip
    return sorted(found, key=lambda device: not device.default)


def _behind_server(kind: pulse.Kind) -> list[SoundDevice] | None:
    """Return what the sound server has; None where there is none, or PortAudio does not reach it."""
    with lock:
        listed = port_audio(anew=False).query_devices()
    if not any(item["name"] == pulse.ALSA_DEVICE for item in listed):
        return None
    known = pulse.endpoints(kind)
    if known is None:
        return None
    times = Counter(end.description for end in known)
    return [
        SoundDevice(
            end.description if times[end.description] == 1 else f"{end.description} ({end.name})",
            end.default,
            end.rate,
            min(end.channels, MAX_CHANNELS),
            pulse.ALSA_DEVICE,
            end.name,
        )
        for end in sorted(known, key=lambda end: end.echo)
    ]


def _named(listed: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Give devices names without ALSA's card number, where that tells them apart; the first of a name counts."""
    short = [_CARD_NUMBER.sub("", item["name"]) for item in listed]
    times = Counter(short)
    named: dict[str, dict[str, Any]] = {}
    for name, item in zip(short, listed, strict=True):
        named.setdefault(name if times[name] == 1 else item["name"], item)
    return list(named.items())
