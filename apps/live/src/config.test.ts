import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const ENV = { FAIRLEAD_NATS_SERVERS: "nats://a", FAIRLEAD_REDIS_URL: "redis://b" };
const CERT = "-----BEGIN CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----";

describe("the settings of a process that takes RTMP in", () => {
  it("need NATS and Redis alone: no key of the cluster", async () => {
    const config = await readConfig(ENV);
    expect(config).toMatchObject({
      ...{ host: "0.0.0.0", port: 1_935, isBehindProxy: false, http: null, ffmpeg: "ffmpeg" },
      ...{ reach: { ip: undefined }, limits: { publishers: 100 } },
    });
    expect(config.tls).toBeUndefined();
    expect(config.limits.transcodes).toBeGreaterThan(0);
  });

  it("take rtmps, a balancer's PROXY protocol, and pipes to other hosts", async () => {
    const given = {
      ...{ FAIRLEAD_RTMPS_PORT: "443", FAIRLEAD_RTMPS_CERT: CERT, FAIRLEAD_RTMPS_KEY: KEY },
      ...{ FAIRLEAD_RTMP_PROXY: "true", FAIRLEAD_PIPE_IP: "10.0.0.7", FAIRLEAD_PIPE_PORTS: "42000-42999" },
      ...{ FAIRLEAD_HTTP_PORT: "3002", FAIRLEAD_RTMP_TRANSCODES: "0" },
    };
    expect(await readConfig({ ...ENV, ...given })).toMatchObject({
      tls: { port: 443, options: { cert: CERT, key: KEY } },
      isBehindProxy: true,
      reach: { ip: "10.0.0.7", ports: { min: 42_000, max: 42_999 } },
      http: { host: "127.0.0.1", port: 3_002 },
      limits: { transcodes: 0 },
    });
  });

  it.each([
    ["FAIRLEAD_RTMPS_PORT", "443"],
    ["FAIRLEAD_PIPE_IP", "node-1.example.org"],
    ["FAIRLEAD_RTMP_PROXY", "yes"],
    ["FAIRLEAD_RTMP_PUBLISHERS", "0"],
  ])("name a wrong %s", async (name, value) => {
    await expect(readConfig({ ...ENV, [name]: value })).rejects.toThrow(`${name}="${value}": `);
  });
});
