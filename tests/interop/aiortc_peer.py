"""aiortc by WHIP or WHEP: `aiortc_peer.py publish|watch URL [TOKEN]`.

Writes a JSON line each half second: what it decoded, and the state of its connection. Ends with its standard input.
"""

import asyncio
import fractions
import json
import sys
import urllib.request

import av
import numpy
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamError

WIDTH, HEIGHT = 320, 240
RATE, SAMPLES = 48000, 960


class Picture(VideoStreamTrack):
    """A gradient that moves, 30 frames a second."""

    count = 0

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        self.count += 1
        across = numpy.arange(WIDTH, dtype=numpy.uint16)[None, :]
        down = numpy.arange(HEIGHT, dtype=numpy.uint16)[:, None]
        luma = ((across + down + 8 * self.count) % 256).astype(numpy.uint8)
        pixels = numpy.repeat(luma[:, :, None], 3, axis=2)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(MediaStreamTrack):
    """440 Hz, in frames of 20 ms."""

    kind = "audio"
    at = 0
    start = None

    async def recv(self):
        loop = asyncio.get_event_loop()
        self.start = self.start or loop.time()
        await asyncio.sleep(max(0, self.start + self.at / RATE - loop.time()))
        times = (self.at + numpy.arange(SAMPLES)) / RATE
        wave = (10000 * numpy.sin(2 * numpy.pi * 440 * times)).astype(numpy.int16)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
        frame.pts, frame.sample_rate = self.at, RATE
        frame.time_base = fractions.Fraction(1, RATE)
        self.at += SAMPLES
        return frame


def post(url, token, offer):
    headers = {"content-type": "application/sdp"}
    if token:
        headers["authorization"] = "Bearer " + token
    request = urllib.request.Request(url, offer.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.headers["location"], response.read().decode()


async def main(role, url, token=None):
    # Without this it asks a public STUN server.
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    seen = {"frames": 0, "width": 0, "bright": 0.0, "loudness": 0.0, "samples": 0}

    async def look(track):
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            data = frame.to_ndarray()
            if track.kind == "video":
                seen["frames"] += 1
                seen["width"] = frame.width
                seen["bright"] = float(data[:HEIGHT].std())
            else:
                seen["samples"] += frame.samples
                # Chromium's fake microphone beeps once a second.
                loudness = float(numpy.sqrt(numpy.mean(data.astype(float) ** 2)))
                seen["loudness"] = max(seen["loudness"], loudness)

    if role == "publish":
        connection.addTransceiver(Tone(), direction="sendonly")
        connection.addTransceiver(Picture(), direction="sendonly")
    else:
        connection.addTransceiver("audio", direction="recvonly")
        connection.addTransceiver("video", direction="recvonly")
        connection.on("track", lambda track: asyncio.ensure_future(look(track)))
    await connection.setLocalDescription(await connection.createOffer())
    offer = connection.localDescription.sdp
    location, answer = await asyncio.to_thread(post, url, token, offer)
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def tell():
        while True:
            line = {"location": location, "state": connection.connectionState, **seen}
            print(json.dumps(line), flush=True)
            await asyncio.sleep(0.5)

    telling = asyncio.ensure_future(tell())
    await asyncio.to_thread(sys.stdin.read)
    telling.cancel()
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
