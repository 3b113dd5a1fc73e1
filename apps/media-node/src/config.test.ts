import { exportKeySet, generateKeySet, publicJwks } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

async function environment() {
  const keys = JSON.stringify(publicJwks(await generateKeySet()));
  return {
    FAIRLEAD_NATS_SERVERS: "nats://a",
    FAIRLEAD_REDIS_URL: "redis://b",
    FAIRLEAD_TICKET_KEYS: keys,
    FAIRLEAD_SESSION_KEYS: keys,
  };
}

describe("a media node's settings", () => {
  it("need NATS, Redis and public keys; the rest has defaults", async () => {
    expect(await readConfig(await environment())).toMatchObject({
      nodeId: undefined,
      region: "default",
      labels: [],
      group: undefined,
      cores: undefined,
      maxPeers: undefined,
      networkCapacityBps: 1_000_000_000,
      rtcBasePort: null,
      graceMs: 15_000,
      drainMs: 60_000,
    });
  });

  it("say where it is, what it is for and what it carries", async () => {
    const given = {
      ...(await environment()),
      FAIRLEAD_NODE_ID: "media-1",
      FAIRLEAD_REGION: "eu",
      FAIRLEAD_LABELS: "gpu, tier-1",
      FAIRLEAD_GROUP: "spot",
      FAIRLEAD_CORES: "2",
      FAIRLEAD_MAX_PEERS: "100",
      FAIRLEAD_RTC_PORT: "40000",
    };
    expect(await readConfig(given)).toMatchObject({
      nodeId: "media-1",
      region: "eu",
      labels: ["gpu", "tier-1"],
      group: "spot",
      cores: 2,
      maxPeers: 100,
      rtcBasePort: 40_000,
    });
  });

  it("name TURN servers, and a port of its own for TCP", async () => {
    const given = {
      ...(await environment()),
      FAIRLEAD_RTC_TCP_PORT: "443",
      FAIRLEAD_TURN_URLS: "turn:turn.example.org, turns:turn.example.org:443?transport=tcp",
      FAIRLEAD_TURN_SECRET: "a-secret-of-tests",
      FAIRLEAD_TURN_TTL_S: "3600",
    };
    const urls = ["turn:turn.example.org", "turns:turn.example.org:443?transport=tcp"];
    expect(await readConfig(given)).toMatchObject({
      rtcTcpBasePort: 443,
      turn: { urls, secret: "a-secret-of-tests", ttlS: 3_600 },
    });
    expect(await readConfig({ ...given, FAIRLEAD_RTC_TCP_PORT: "off" })).toMatchObject({
      rtcTcpBasePort: "off",
    });
    expect(await readConfig(await environment())).toMatchObject({
      rtcTcpBasePort: null,
      turn: { urls: [], ttlS: 86_400 },
    });
  });

  it("say how a room spreads over cores", async () => {
    const given = {
      ...(await environment()),
      FAIRLEAD_PIPE_PORTS: "42000-42999",
      FAIRLEAD_PIPE_IP: "10.0.0.7",
      FAIRLEAD_HOME_LOAD: "0.4",
      FAIRLEAD_FULL_LOAD: "0.8",
    };
    expect(await readConfig(given)).toMatchObject({
      pipePorts: { min: 42_000, max: 42_999 },
      pipeIp: "10.0.0.7",
      homeLoad: 0.4,
      fullLoad: 0.8,
    });
    const keys = Object.keys(await readConfig(await environment()));
    expect(keys).not.toEqual(expect.arrayContaining(["pipePorts"]));
  });

  it("say with whom RTP is exchanged: by default with nobody who is named", async () => {
    const given = {
      ...(await environment()),
      FAIRLEAD_RTP_IP: "10.0.0.7",
      FAIRLEAD_RTP_PORTS: "43000-43999",
      FAIRLEAD_RTP_NETWORKS: "10.0.0.0/8, fd00::/8",
    };
    expect(await readConfig(given)).toMatchObject({
      rtp: { ip: "10.0.0.7", ports: { min: 43_000, max: 43_999 }, networks: ["10.0.0.0/8", "fd00::/8"] },
    });
    expect((await readConfig(await environment())).rtp).toEqual({ networks: [] });
  });

  it("name the operator's server that decides on broadcasts, which needs a secret", async () => {
    const url = "https://app.example.org/hooks?token=abc";
    const given = {
      ...(await environment()),
      FAIRLEAD_HOOK_URL: url,
      FAIRLEAD_HOOK_SECRET: "a-secret-of-hooks",
    };
    const hooks = { url, secret: "a-secret-of-hooks", isFailOpen: false };
    expect(await readConfig(await environment())).not.toHaveProperty("hooks");
    expect(await readConfig(given)).toMatchObject({ hooks });
    expect(await readConfig({ ...given, FAIRLEAD_HOOK_FAIL_OPEN: "true" })).toMatchObject({
      hooks: { ...hooks, isFailOpen: true },
    });
    await expect(readConfig({ ...given, FAIRLEAD_HOOK_SECRET: "" })).rejects.toThrow(
      "FAIRLEAD_HOOK_SECRET is not set: with FAIRLEAD_HOOK_URL it must be 16 to 256 characters",
    );
  });

  it.each(["ftp://a", "https://user:pass@a", "a"])("take no hooks at %s, and do not show it", async (url) => {
    const read = readConfig({ ...(await environment()), FAIRLEAD_HOOK_URL: url });
    await expect(read).rejects.toThrow(
      "FAIRLEAD_HOOK_URL=(not shown): must be an http:// or https:// URL without user and password",
    );
  });

  it("name the interfaces whose bytes count; by default those that carry media's addresses", async () => {
    const given = { ...(await environment()), FAIRLEAD_NETWORK_INTERFACES: "bond0, eth2" };
    expect(await readConfig(given)).toMatchObject({ networkInterfaces: ["bond0", "eth2"] });
    expect(await readConfig(await environment())).toMatchObject({ networkInterfaces: undefined });
  });

  it("change budgets by name, and leave the others as they are", async () => {
    const given = { ...(await environment()), FAIRLEAD_BUDGETS: "joins=20/40, keyFrames=off" };
    expect(await readConfig(await environment())).toMatchObject({ budgets: {} });
    const { budgets } = await readConfig(given);
    expect(budgets).toEqual({
      joins: { burst: 20, perSecond: 0.5 },
      keyFrames: { burst: 1e9, perSecond: 1e9 },
    });
  });

  it("say where supervisors ask: nowhere by default, and on loopback unless another address is set", async () => {
    const given = { ...(await environment()), FAIRLEAD_HTTP_PORT: "3001" };
    expect(await readConfig(await environment())).toMatchObject({ http: null });
    expect(await readConfig(given)).toMatchObject({ http: { host: "127.0.0.1", port: 3_001 } });
    expect(await readConfig({ ...given, FAIRLEAD_HTTP_HOST: "0.0.0.0" })).toMatchObject({
      http: { host: "0.0.0.0", port: 3_001 },
    });
  });

  it("need a secret with a TURN server, none with STUN", async () => {
    const given = { ...(await environment()), FAIRLEAD_TURN_URLS: "stun:example.org" };
    expect(await readConfig(given)).toMatchObject({ turn: { urls: ["stun:example.org"] } });
    const read = readConfig({ ...given, FAIRLEAD_TURN_URLS: "stun:example.org,turn:example.org" });
    await expect(read).rejects.toThrow("FAIRLEAD_TURN_SECRET is not set: with a turn: URL it must be");
  });

  it("never show the secret that is shared with TURN servers", async () => {
    const read = readConfig({ ...(await environment()), FAIRLEAD_TURN_SECRET: "hush" });
    await expect(read).rejects.toThrow("FAIRLEAD_TURN_SECRET=(not shown): must be 16 to 256 characters");
  });

  it.each([
    ["FAIRLEAD_TURN_URLS", "http://example.org", "at most 8 URLs"],
    ["FAIRLEAD_TURN_URLS", Array(9).fill("stun:a").join(), "at most 8 URLs"],
    ["FAIRLEAD_TURN_TTL_S", "1", "a whole number from 60 to 604800"],
    ["FAIRLEAD_RTC_TCP_PORT", "on", "off or a whole number from 1 to 65535"],
    ["FAIRLEAD_NODE_ID", "media.1", "1 to 64 of A-Z"],
    ["FAIRLEAD_NETWORK_INTERFACES", "eth0 eth1", "names of interfaces, commas between"],
    ["FAIRLEAD_BUDGETS", "joins=0/1", "budgets like joins=10/30"],
    ["FAIRLEAD_BUDGETS", "jions=1/1", "budgets like joins=10/30"],
    ["FAIRLEAD_CORES", "many", "a whole number from 1 to 1024"],
    ["FAIRLEAD_PIPE_PORTS", "42999-42000", "ports like 42000-42999"],
    ["FAIRLEAD_RTP_IP", "192.0.2.1", "an address of this host in a private network"],
    ["FAIRLEAD_RTP_NETWORKS", "10.0.0.0/8,everybody", "networks like 10.0.0.0/8, commas between"],
    ["FAIRLEAD_HOME_LOAD", "2", "a number from 0 to 1"],
    ["FAIRLEAD_FULL_LOAD", "0", "a number from 0.05 to 1"],
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
