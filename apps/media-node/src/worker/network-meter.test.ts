import { describe, expect, it } from "vitest";
import { NetworkMeter, parseNetDev } from "./network-meter.ts";

/** As a Linux 6 host prints it; an interface of much traffic leaves no space behind its colon. */
const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 99999999999  1234567    0    0    0     0          0         0 99999999999  1234567    0    0    0     0       0          0
  eth0: 1000000    5000    0    0    0     0          0         0  4000000    6000    0    0    0     0       0          0
wlan0:2000000    7000    0   12    0     0          0         0   500000    3000    0    0    0     0       0          0
`;

const at = (received: number, sent: number) =>
  `head\nhead\n  eth0: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0\n`;

describe("the bytes of a host's interfaces", () => {
  it("are the larger of all received and all sent, without loopback", () => {
    expect(parseNetDev(NET_DEV)).toBe(4_500_000);
  });

  it("are 0 of a text without interfaces", () => {
    expect(parseNetDev("")).toBe(0);
    expect(parseNetDev(NET_DEV.split("\n").slice(0, 3).join("\n"))).toBe(0);
  });
});

describe("the network's load", () => {
  const meterOf = (texts: string[]) =>
    new NetworkMeter(8_000_000, async () => texts.shift() ?? Promise.reject(new Error("no such file")));

  it("is the share of the capacity that was used between two samples", async () => {
    const meter = meterOf([at(0, 0), at(100_000, 250_000)]);
    await meter.sample(1_000);
    expect(meter.load).toBe(0);
    await meter.sample(2_000);
    expect(meter.load).toBe(0.25);
  });

  it("is at most 1, and 0 after counters that began anew", async () => {
    const meter = meterOf([at(0, 0), at(9_000_000, 0), at(10, 10)]);
    for (const atMs of [1_000, 2_000]) await meter.sample(atMs);
    expect(meter.load).toBe(1);
    await meter.sample(3_000);
    expect(meter.load).toBe(0);
  });

  it("is 0 where the system does not tell", async () => {
    const meter = meterOf([]);
    await meter.sample(1_000);
    await meter.sample(2_000);
    expect(meter.load).toBe(0);
  });
});
