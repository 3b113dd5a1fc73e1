import { type LogFields, silentLogger } from "@fairlead/telemetry";
import { describe, expect, it } from "vitest";
import { NetworkMeter, parseNetDev } from "./network-meter.ts";

/** As a Linux 6 host prints it; an interface of much traffic leaves no space behind its colon. */
const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 99999999999  1234567    0    0    0     0          0         0 99999999999  1234567    0    0    0     0       0          0
  eth0: 1000000    5000    0    0    0     0          0         0  4000000    6000    0    0    0     0       0          0
wlan0:2000000    7000    0   12    0     0          0         0   500000    3000    0    0    0     0       0          0
`;

const row = (name: string, received: number, sent: number) =>
  `  ${name}: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0\n`;
const at = (received: number, sent: number) => `head\nhead\n${row("eth0", received, sent)}`;

describe("the bytes of a host's interfaces", () => {
  it("are what each received and sent", () => {
    expect([...parseNetDev(NET_DEV)].slice(1)).toEqual([
      ["eth0", { received: 1_000_000, sent: 4_000_000 }],
      ["wlan0", { received: 2_000_000, sent: 500_000 }],
    ]);
  });

  it("are none of a text without interfaces", () => {
    expect(parseNetDev("").size).toBe(0);
    expect(parseNetDev(NET_DEV.split("\n").slice(0, 2).join("\n")).size).toBe(0);
  });
});

describe("the network's load", () => {
  const meterOf = (texts: string[], interfaces = () => ["eth0"], log = silentLogger) =>
    new NetworkMeter({
      capacityBps: 8_000_000,
      interfaces,
      log,
      read: () => {
        const text = texts.shift();
        if (text === undefined) throw new Error("no such file");
        return text;
      },
    });

  it("is the share of the capacity that was used between two samples, of the busier way", () => {
    const meter = meterOf([at(0, 0), at(100_000, 250_000), at(600_000, 250_001)]);
    meter.sample(1_000);
    expect(meter.load).toBe(0);
    meter.sample(2_000);
    expect(meter.load).toBe(0.25);
    meter.sample(3_000);
    expect(meter.load).toBe(0.5);
  });

  it("is that of the interfaces that count alone", () => {
    const texts = [0, 1].map((n) => at(0, n * 100_000) + row("veth1", n * 100_000, 0) + row("br0", 0, n));
    const meter = meterOf(texts);
    for (const atMs of [1_000, 2_000]) meter.sample(atMs);
    expect(meter.load).toBe(0.1);
  });

  it("follows a change of what counts, and takes no byte of before for one of now", () => {
    const texts = [0, 1, 2].map((n) => at(0, n * 100_000) + row("eth1", 0, 9_000_000 + n * 200_000));
    let interfaces = ["eth0"];
    const meter = meterOf(texts, () => interfaces);
    for (const atMs of [1_000, 2_000]) meter.sample(atMs);
    interfaces = ["eth0", "eth1"];
    meter.sample(12_000);
    expect(meter.load).toBe(0.03);
  });

  it("is at most 1, and 0 after counters that began anew", () => {
    const meter = meterOf([at(0, 0), at(9_000_000, 9_000_000), at(10, 10)]);
    for (const atMs of [1_000, 2_000]) meter.sample(atMs);
    expect(meter.load).toBe(1);
    meter.sample(3_000);
    expect(meter.load).toBe(0);
  });

  it("is 0 where the system does not tell", () => {
    const meter = meterOf([]);
    meter.sample(1_000);
    meter.sample(2_000);
    expect(meter.load).toBe(0);
  });

  it("warns of an interface that was configured and is not there, once", () => {
    const warnings: [string, LogFields?][] = [];
    const log = { ...silentLogger, warn: (...line: [string, LogFields?]) => void warnings.push(line) };
    const meter = meterOf([at(0, 0), at(0, 0), at(0, 0)], () => ["eth0", "eth7"], log);
    for (const atMs of [1_000, 12_000, 23_000]) meter.sample(atMs);
    expect(warnings).toEqual([["network.counted", { interfaces: ["eth0"], missing: ["eth7"] }]]);
  });
});
