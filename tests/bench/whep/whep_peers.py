"""A publisher by WHIP and a crowd of viewers by WHEP, as light as they can be: ICE, DTLS and SRTP, and no decoder.

Answers one JSON line on its standard input by one on its standard output: see `Tasks` in whep-peers.ts.
"""

import asyncio
import json
import os
import re
import socket
import struct
import sys
from urllib.parse import urljoin, urlsplit

import pylibsrtp
from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate, get_srtp_key_salt
from OpenSSL import SSL

FRAMES_PER_SECOND, PACKETS_PER_FRAME, PAYLOAD_BYTES = 30, 4, 1038
PUBLISHED_SSRC, PUBLISHED_TYPE = 0x12345678, 96
CONSENT_S = 5
ANSWER_S = 20
CERTIFICATE = RTCCertificate.generateCertificate()
FINGERPRINT = CERTIFICATE.getFingerprints()[0].value


def offer_of(direction, payload_type, ufrag, pwd):
    lines = [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
        f"m=video 9 UDP/TLS/RTP/SAVPF {payload_type}", "c=IN IP4 0.0.0.0", "a=mid:0", f"a={direction}",
        "a=rtcp-mux", f"a=rtpmap:{payload_type} VP8/90000", f"a=rtcp-fb:{payload_type} nack",
        f"a=rtcp-fb:{payload_type} nack pli", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{pwd}",
        f"a=fingerprint:sha-256 {FINGERPRINT}", "a=setup:active",
        *([f"a=ssrc:{PUBLISHED_SSRC} cname:bench"] if direction == "sendonly" else []),
    ]
    return "\r\n".join(lines) + "\r\n"


async def ask(method, url, token=None, body=""):
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    head = f"{method} {at.path} HTTP/1.1\r\nhost: {at.netloc}\r\nconnection: close\r\n"
    head += f"content-type: application/sdp\r\ncontent-length: {len(body)}\r\n"
    head += f"authorization: Bearer {token}\r\n" if token else ""
    writer.write(f"{head}\r\n{body}".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    if int(head.split()[1]) >= 300:
        raise RuntimeError(f"{method}: {head.splitlines()[0]} {body[:300]}")
    location = re.search(r"^location: *(\S+)", head, re.I | re.M)
    return location and location[1], body


class Peer:
    """One client with one section. Times are seconds of the loop's clock."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.first_rtp = self.loop.create_future()
        self.first_frame = self.loop.create_future()
        self.connected = self.loop.create_future()
        self.is_in_key_frame = False
        self.key_frame_requests = 0
        self.dtls = SSL.Connection(CERTIFICATE._create_ssl_context())
        self.dtls.set_connect_state()

    async def open(self, url, direction, payload_type, token=None):
        self.payload_type = payload_type
        self.ufrag, pwd = os.urandom(4).hex(), os.urandom(12).hex()
        self.began = self.loop.time()
        offer = offer_of(direction, payload_type, self.ufrag, pwd)
        location, answer = await ask("POST", url, token, offer)
        self.url, self.token = urljoin(url, location), token
        self.remote = [re.search(rf"a=ice-{name}:(\S+)", answer)[1] for name in ("ufrag", "pwd")]
        ip, port = re.search(r"a=candidate:\S+ \d+ udp \d+ (\S+) (\d+) typ", answer, re.I).groups()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect((ip, int(port)))
        self.loop.add_reader(self.socket, self.read)
        self.consent = asyncio.ensure_future(self.keep_consent())
        await asyncio.wait_for(self.connected, ANSWER_S)

    async def keep_consent(self):
        pause = 0.2
        while True:
            request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
            request.attributes["USERNAME"] = f"{self.remote[0]}:{self.ufrag}"
            request.attributes["PRIORITY"] = 1853824767
            request.attributes["ICE-CONTROLLING"] = 1
            request.attributes["USE-CANDIDATE"] = None
            request.add_message_integrity(self.remote[1].encode())
            self.socket.send(bytes(request))
            await asyncio.sleep(CONSENT_S if self.connected.done() else pause)

    def read(self):
        while True:
            try:
                data = self.socket.recv(2048)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if data[0] < 2:
                if not self.connected.done():
                    self.shake()
            elif data[0] < 64:
                self.dtls.bio_write(data)
                if not self.connected.done():
                    self.shake()
            elif self.connected.done():
                self.take_media(data)

    def shake(self):
        try:
            self.dtls.do_handshake()
            is_done = True
        except SSL.WantReadError:
            is_done = False
        self.flush()
        if not is_done:
            return
        keys = self.dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)
        policy = pylibsrtp.Policy
        self.tx = pylibsrtp.Session(policy(key=get_srtp_key_salt(keys, 0), ssrc_type=policy.SSRC_ANY_OUTBOUND))
        self.rx = pylibsrtp.Session(policy(key=get_srtp_key_salt(keys, 1), ssrc_type=policy.SSRC_ANY_INBOUND))
        self.connected.set_result(None)

    def flush(self):
        try:
            while True:
                self.socket.send(self.dtls.bio_read(1500))
        except SSL.WantReadError:
            pass

    def take_media(self, data):
        if 192 <= data[1] <= 223:
            self.take_rtcp(self.rx.unprotect_rtcp(data))
        elif data[1] & 0x7F == self.payload_type and not self.first_frame.done():
            now = self.loop.time()
            if not self.first_rtp.done():
                self.first_rtp.set_result(now - self.began)
            self.look_for_frame(self.rx.unprotect(data), now)

    def look_for_frame(self, packet, now):
        at = 12
        if packet[0] & 0x10:
            at += 4 + 4 * struct.unpack_from("!H", packet, 14)[0]
        if packet[at] & 0x10 and packet[at + 1] & 1 == 0:
            self.is_in_key_frame = True
        if self.is_in_key_frame and packet[1] & 0x80:
            self.first_frame.set_result(now - self.began)

    def take_rtcp(self, data):
        at = 0
        while at + 4 <= len(data):
            if data[at + 1] == 206 and data[at] & 0x1F == 1:
                self.key_frame_requests += 1
            at += 4 + 4 * struct.unpack_from("!H", data, at + 2)[0]

    def stop_reading(self):
        """What comes from now on costs this process nothing: the kernel drops what does not fit."""
        self.loop.remove_reader(self.socket)

    async def close(self):
        if not hasattr(self, "consent"):
            return
        self.consent.cancel()
        self.stop_reading()
        self.socket.close()
        await ask("DELETE", self.url, self.token)


class Publisher(Peer):
    packets = 0
    taken = 0

    async def stream(self):
        began, frame, sequence = self.loop.time(), 0, 1
        while True:
            await asyncio.sleep(max(0, began + frame / FRAMES_PER_SECOND - self.loop.time()))
            is_key = frame == 0 or self.key_frame_requests > self.taken
            self.taken = self.key_frame_requests
            for index in range(PACKETS_PER_FRAME):
                marker = 0x80 if index == PACKETS_PER_FRAME - 1 else 0
                header = struct.pack(
                    "!BBHII", 0x80, marker | PUBLISHED_TYPE, sequence & 0xFFFF,
                    frame * 90000 // FRAMES_PER_SECOND & 0xFFFFFFFF, PUBLISHED_SSRC,
                )
                payload = bytes([0x10 if index == 0 else 0, 0 if is_key else 1]) + bytes(PAYLOAD_BYTES - 2)
                self.socket.send(self.tx.protect(header + payload))
                sequence += 1
                self.packets += 1
            frame += 1


publishers, viewers = {}, []


async def publish(name, url, token):
    publisher = Publisher()
    await publisher.open(url, "sendonly", PUBLISHED_TYPE, token)
    publisher.streaming = asyncio.ensure_future(publisher.stream())
    publishers[name] = publisher
    return {}


async def watch_one(url, payload_type):
    viewer = Peer()
    viewers.append(viewer)
    await viewer.open(url, "recvonly", payload_type)
    await asyncio.wait_for(viewer.first_frame, ANSWER_S)
    viewer.stop_reading()
    return viewer


async def watch(url, count, perSecond, payloadTypes):
    began, coming = asyncio.get_running_loop().time(), []
    for index in range(count):
        pause = began + index / perSecond - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0, pause))
        payload_type = payloadTypes[index % len(payloadTypes)]
        coming.append(asyncio.ensure_future(watch_one(url, payload_type)))
    all = await asyncio.gather(*coming, return_exceptions=True)
    done = [viewer for viewer in all if isinstance(viewer, Peer)]
    return {
        "failures": [repr(error) for error in all if not isinstance(error, Peer)],
        "firstRtpMs": [1000 * viewer.first_rtp.result() for viewer in done],
        "firstFrameMs": [1000 * viewer.first_frame.result() for viewer in done],
    }


async def leave():
    gone = viewers[:]
    viewers.clear()
    for at in range(0, len(gone), 20):
        await asyncio.gather(*(viewer.close() for viewer in gone[at : at + 20]))
    return {}


async def count(name):
    publisher = publishers[name]
    return {"packets": publisher.packets, "keyFrameRequests": publisher.key_frame_requests}


TASKS = {"publish": publish, "watch": watch, "leave": leave, "count": count}


async def main():
    while True:
        line = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            return
        request = json.loads(line)
        try:
            answer = {"output": await TASKS[request["task"]](**request["input"])}
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
