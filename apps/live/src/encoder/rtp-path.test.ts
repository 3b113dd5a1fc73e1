import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { RtpPath } from "./rtp-path.ts";

async function bound() {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return socket;
}

function senderReport(packets: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes[0] = 0x80;
  bytes[1] = 200;
  bytes.writeUInt32BE(packets, 20);
  return bytes;
}

it("the next run's sequence numbers begin after those that the last report and what was written since account for", async () => {
  const [mediasoup, ffmpeg] = await Promise.all([bound(), bound()]);
  const target = {
    ip: "127.0.0.1",
    rtpPort: 9,
    rtcpPort: mediasoup.address().port,
    payloadType: 96,
    ssrc: 1,
  };
  const path = await RtpPath.open(target);
  onTestFinished(() => path.close());
  const first = path.beginRun();
  path.noteWritten(999);
  ffmpeg.send(senderReport(70_000), first.rtcpPort, "127.0.0.1");
  const [passedOn] = await once(mediasoup, "message");
  expect(passedOn).toEqual(senderReport(70_000));
  path.noteWritten(30);
  const second = path.beginRun();
  expect((second.sequence - first.sequence + 2 * 65_536) % 65_536).toBe((70_000 + 30 + 200) % 65_536);
  expect(second.localRtpPort).toBe(first.localRtpPort);
});

it("may be closed twice", async () => {
  const path = await RtpPath.open({ ip: "127.0.0.1", rtpPort: 9, rtcpPort: 9, payloadType: 96, ssrc: 1 });
  path.close();
  expect(() => path.close()).not.toThrow();
});
