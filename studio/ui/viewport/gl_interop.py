"""From a CUDA tensor to an OpenGL texture without leaving the graphics card.

cuda-core 1.2.2 registers textures and buffers alike, but its `GraphicsResource.map` asks the driver for a
pointer, and only buffers have one (a texture answers CUDA_ERROR_NOT_MAPPED_AS_POINTER). So CUDA copies the
frame into a registered pixel buffer and OpenGL fills the texture from it: both copies stay in the card's
memory. Written against the package's source and run against a stand-in only: no NVIDIA card was at hand.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtOpenGL import QOpenGLBuffer

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

Pixels: TypeAlias = "NDArray[np.uint8] | torch.Tensor"
"""``[H,W,4]`` uint8, contiguous: in main memory, or a finished CUDA tensor."""

TRIES = 2  # the second with everything built anew, as a reset of the card needs it


def on_card(picture: Pixels) -> bool:
    """Tell whether a picture lies in the memory of a graphics card."""
    return not isinstance(picture, np.ndarray) and picture.is_cuda


def finish(picture: Any) -> None:
    """Wait until a CUDA picture is drawn, so that it may be read on any stream."""
    import torch

    torch.cuda.current_stream(picture.device).synchronize()


def on_host(picture: Pixels) -> NDArray[np.uint8]:
    """Return a picture in main memory, copied only if it lies elsewhere."""
    return picture if isinstance(picture, np.ndarray) else picture.cpu().numpy()


class Mapped(Protocol):
    """Device memory of a mapped resource (`cuda.core.Buffer`)."""

    def copy_from(self, src: Any, *, stream: Any) -> None:
        """Copy all of another buffer in, on a stream."""
        ...


class Resource(Protocol):
    """An OpenGL buffer registered with CUDA (`cuda.core.GraphicsResource`)."""

    def map(self, *, stream: Any) -> AbstractContextManager[Mapped]:
        """Take the buffer from OpenGL; leaving the context gives it back."""
        ...

    def close(self) -> None:
        """Unregister; the OpenGL buffer must still exist."""
        ...


class Cuda(Protocol):
    """What is needed of CUDA: `CudaCore`, or a stand-in."""

    stream: Any

    def register(self, buffer: int) -> Resource:
        """Register an OpenGL buffer of the current context, by its name, for writing."""
        ...

    def memory(self, picture: Any) -> Any:
        """Return a tensor's memory as something `Mapped.copy_from` takes."""
        ...


class CudaCore:
    """CUDA by cuda-core, on the device that torch uses.

    Raises
    ------
    ImportError
        If cuda-core or its bindings are not installed.
    Exception
        Of cuda-core's own, if there is no driver or device.
    """

    def __init__(self) -> None:
        import torch
        from cuda.core import Buffer, Device, GraphicsResource  # pyright: ignore[reportMissingImports]

        self._buffer, self._resource = Buffer, GraphicsResource
        device = Device(torch.cuda.current_device())
        device.set_current()
        # Not the default stream: waiting for that would mean waiting for the next frame as well.
        self.stream = device.create_stream()

    def register(self, buffer: int) -> Resource:
        """Register an OpenGL buffer."""
        return self._resource.from_gl_buffer(buffer, flags="write_discard")

    def memory(self, picture: Any) -> Any:
        """View a contiguous tensor's memory."""
        return self._buffer.from_handle(picture.data_ptr(), picture.nbytes, owner=picture)


class PixelBuffer:
    """A pixel buffer of the current OpenGL context that CUDA writes and textures are filled from."""

    def __init__(self, cuda: Cuda, size: int) -> None:
        self.size = size
        self._cuda = cuda
        self._resource: Resource | None = None
        self._buffer = QOpenGLBuffer(QOpenGLBuffer.Type.PixelUnpackBuffer)
        if not (self._buffer.create() and self._buffer.bind()):
            raise RuntimeError("OpenGL has no pixel buffers here")
        self._buffer.allocate(size)
        self._buffer.release()
        try:
            self._resource = cuda.register(self._buffer.bufferId())
        except Exception:
            self._buffer.destroy()
            raise

    def fill(self, picture: Any) -> None:
        """Copy a picture of `size` bytes in; it may be let go of afterwards."""
        assert self._resource is not None
        stream = self._cuda.stream
        with self._resource.map(stream=stream) as mapped:
            mapped.copy_from(self._cuda.memory(picture), stream=stream)
        # Errors of the copy come out here, not in somebody else's next call.
        stream.sync()

    def bind(self) -> None:
        """Let the texture calls that follow read from here."""
        self._buffer.bind()

    def release(self) -> None:
        """Let texture calls read from main memory again."""
        self._buffer.release()

    def close(self) -> None:
        """Unregister, then free."""
        resource, self._resource = self._resource, None
        try:
            if resource is not None:
                resource.close()
        finally:
            self._buffer.destroy()


class Interop:
    """Keeps a `PixelBuffer` that fits the frames of one OpenGL context, until that proves impossible."""

    def __init__(self, connect: Callable[[], Cuda] = CudaCore) -> None:
        self._connect = connect
        self._cuda: Cuda | None = None
        self._pixels: PixelBuffer | None = None
        self.why_not = ""
        """The sentence that says why frames go through main memory; "" while they need not."""

    def bind(self, picture: Any) -> bool:
        """Copy a CUDA picture and bind it as the source of texture calls; False if that cannot be done.

        After an error all is built anew and tried once more; after that `why_not` says the reason, and
        stays until the context is lost. The OpenGL context must be current.
        """
        if self.why_not:
            return False
        reason = ""
        for _ in range(TRIES):
            try:
                pixels = self._fitting(picture.nbytes)
                pixels.fill(picture)
                pixels.bind()
            except Exception as error:  # ImportError, CUDAError, RuntimeError: each means another way for the frame
                log.warning("a frame was not copied on the card: %s", error)
                reason = _reason(error)
                self.drop()
            else:
                return True
        template = QCoreApplication.translate("view", "Frames reach the window through main memory: {reason}.")
        self.why_not = template.format(reason=reason)
        return False

    def release(self) -> None:
        """Unbind what `bind` bound."""
        if self._pixels is not None:
            self._pixels.release()

    def drop(self) -> None:
        """Let go of buffer and device; what cannot be closed any more is forgotten."""
        pixels, self._pixels, self._cuda = self._pixels, None, None
        if pixels is not None:
            try:
                pixels.close()
            except Exception as error:  # after a reset of the card nothing can be unregistered
                log.warning("the pixel buffer could not be unregistered: %s", error)

    def _fitting(self, size: int) -> PixelBuffer:
        if self._pixels is not None and self._pixels.size != size:
            self._pixels.close()
            self._pixels = None
        if self._cuda is None:
            self._cuda = self._connect()
        if self._pixels is None:
            self._pixels = PixelBuffer(self._cuda, size)
        return self._pixels


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return QCoreApplication.translate("view", "cuda-core is missing; install it with pip install cuda-core[cu13]")
    return str(error).strip().rstrip(".") or type(error).__name__
