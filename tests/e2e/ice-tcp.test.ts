import { describe, expect, it } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { freePort } from "../support/servers/free-port.ts";
import { useMeetings } from "../support/use-meetings.ts";

describe("a browser that sends no UDP", async () => {
  const tcpPort = await freePort();
  const meetings = useMeetings({
    env: { FAIRLEAD_CORES: "1", FAIRLEAD_RTC_TCP_PORT: `${tcpPort}` },
    chromium: { program: "whole", args: ["--webrtc-ip-handling-policy=disable_non_proxied_udp"] },
  });

  it("has media both ways by TCP, on the port that is set for it", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    const paths = [...(await ada.media()).paths, ...(await ben.media()).paths];
    expect(paths).toMatchObject(Array(4).fill({ protocol: "tcp", remotePort: tcpPort }));
  });
});
