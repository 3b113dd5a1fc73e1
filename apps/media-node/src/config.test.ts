import { exportKeySet, generateKeySet, publicJwks } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

async function environment() {
  const keys = JSON.stringify(publicJwks(await generateKeySet()));
  return {
    ...{ FAIRLEAD_NATS_SERVERS: "nats://a", FAIRLEAD_REDIS_URL: "redis://b" },
    ...{ FAIRLEAD_TICKET_KEYS: keys, FAIRLEAD_SESSION_KEYS: keys },
  };
}

describe("a media node's settings", () => {
  it("need NATS, Redis and public keys; the rest has defaults", async () => {
    expect(await readConfig(await environment())).toMatchObject({
      ...{ nodeId: undefined, region: "default", labels: [], cores: undefined, maxPeers: undefined },
      ...{ networkCapacityBps: 1_000_000_000, rtcBasePort: null, graceMs: 15_000, drainMs: 60_000 },
    });
  });

  it("say where it is, what it is for and what it carries", async () => {
    const given = {
      ...(await environment()),
      ...{ FAIRLEAD_NODE_ID: "media-1", FAIRLEAD_REGION: "eu", FAIRLEAD_LABELS: "gpu, tier-1" },
      ...{ FAIRLEAD_CORES: "2", FAIRLEAD_MAX_PEERS: "100", FAIRLEAD_RTC_PORT: "40000" },
    };
    expect(await readConfig(given)).toMatchObject({
      ...{ nodeId: "media-1", region: "eu", labels: ["gpu", "tier-1"] },
      ...{ cores: 2, maxPeers: 100, rtcBasePort: 40_000 },
    });
  });

  it.each([
    ["FAIRLEAD_NODE_ID", "media.1", "1 to 64 of A-Z"],
    ["FAIRLEAD_CORES", "many", "a whole number from 1 to 1024"],
    ["FAIRLEAD_RTC_PORT", "70000", "a whole number from 0 to 65535"],
    ["FAIRLEAD_DRAIN_MS", "-1", "a whole number from 0"],
    ["FAIRLEAD_GRACE_MS", "10", "a whole number from 1000"],
  ])("%s=%s is refused with what is accepted", async (name, value, accepted) => {
    const read = readConfig({ ...(await environment()), [name]: value });
    await expect(read).rejects.toThrow(`${name}="${value}": must be ${accepted}`);
  });

  it("name every variable that is missing, and show no key", async () => {
    const secret = JSON.stringify(await exportKeySet(await generateKeySet()));
    const broken = secret.replace('"kty"', '"kyt"');
    const refused = await readConfig({ FAIRLEAD_TICKET_KEYS: broken }).catch((error) => error.message);
    expect(refused).toMatch(
      /NATS_SERVERS is not set[\s\S]*TICKET_KEYS=\(not shown\)[\s\S]*SESSION_KEYS is not set/,
    );
    expect(refused).not.toContain("kyt");
  });
});
