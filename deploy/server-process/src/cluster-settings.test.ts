import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportKeySet, generateKeySet, publicJwks } from "@fairlead/tickets";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { clusterConfig, clusterSettings } from "./cluster-settings.ts";
import { type Environment, parseSettings } from "./parse-settings.ts";
import { readFile } from "./read-file.ts";
import * as setting from "./setting.ts";
import { ticketSettings } from "./ticket-settings.ts";

const NATS = { FAIRLEAD_NATS_SERVERS: "nats://a:4222, tls://b:4222" };
const REDIS = { FAIRLEAD_REDIS_URL: "redis://c:6379" };
const read = async (env: Environment) =>
  clusterConfig(await parseSettings(z.object(clusterSettings), env, readFile));

describe("the settings of a cluster", () => {
  it("name NATS servers and a Redis; the rest has defaults", async () => {
    expect(await read({ ...NATS, ...REDIS })).toMatchObject({
      nats: { servers: ["nats://a:4222", "tls://b:4222"], isWebSocket: false },
      redis: { kind: "redis", url: "redis://c:6379", isCluster: false, prefix: undefined },
      codecPolicy: expect.arrayContaining(["opus", "vp8"]),
      logLevel: "info",
    });
  });

  it("may name several nodes of a Redis Cluster", async () => {
    const env = { FAIRLEAD_REDIS_URL: "redis://a:1,redis://b:2", FAIRLEAD_REDIS_CLUSTER: "true" };
    expect((await read({ ...NATS, ...env })).redis).toMatchObject({
      url: "redis://a:1,redis://b:2",
      isCluster: true,
    });
  });

  it("choose the adapters by scheme: WebSocket, and REST", async () => {
    const upstash = { UPSTASH_REDIS_REST_URL: "https://d", UPSTASH_REDIS_REST_TOKEN: "t" };
    expect(await read({ FAIRLEAD_NATS_SERVERS: "wss://a", ...upstash })).toMatchObject({
      nats: { isWebSocket: true },
      redis: { kind: "upstash", url: "https://d", token: "t" },
    });
  });

  it.each([
    [{}, "FAIRLEAD_NATS_SERVERS is not set: must be URLs with commas between"],
    [{ FAIRLEAD_NATS_SERVERS: "nats://a,ws://b" }, "FAIRLEAD_NATS_SERVERS=(not shown): must be URLs"],
    [{ FAIRLEAD_NATS_SERVERS: "http://a" }, "FAIRLEAD_NATS_SERVERS=(not shown): must be URLs"],
    [{ FAIRLEAD_REDIS_URL: "c:6379" }, "FAIRLEAD_REDIS_URL=(not shown): must be a redis:// or rediss:// URL"],
    [{ FAIRLEAD_REDIS_URL: "redis://a,b" }, "FAIRLEAD_REDIS_URL=(not shown): must be a redis://"],
    [{ FAIRLEAD_REDIS_CLUSTER: "yes" }, 'FAIRLEAD_REDIS_CLUSTER="yes": must be true'],
    [{ FAIRLEAD_REDIS_PREFIX: "{a}" }, 'FAIRLEAD_REDIS_PREFIX="{a}": must be 1 to 64 characters'],
    [{ FAIRLEAD_CODECS: "opus,theora" }, 'FAIRLEAD_CODECS="opus,theora": must be some of opus,vp8'],
    [{ FAIRLEAD_LOG_LEVEL: "loud" }, 'FAIRLEAD_LOG_LEVEL="loud": must be error, warn, info, debug or silent'],
    [
      { FAIRLEAD_NATS_CA: "/nowhere" },
      'FAIRLEAD_NATS_CA="/nowhere": must be certificates of authorities in PEM, or the path',
    ],
  ])("refuse %j in words", async (env, message) => {
    await expect(read(env)).rejects.toThrow(message);
  });

  it.each([
    ["neither", {}],
    ["both", { ...REDIS, UPSTASH_REDIS_REST_URL: "https://d", UPSTASH_REDIS_REST_TOKEN: "t" }],
    ["no token", { UPSTASH_REDIS_REST_URL: "https://d" }],
  ])("refuse %s of the ways to name Redis", async (_, env) => {
    await expect(read({ ...NATS, ...env })).rejects.toThrow("must be either FAIRLEAD_REDIS_URL, or UPSTASH");
  });

  it("name every fault at once, and show nothing that may be secret", async () => {
    const pem = "MC4CAQAwBQYDK2VwBCIEIhush";
    const env = {
      FAIRLEAD_NATS_SERVERS: "x://u:hu/sh@a,hush@b",
      FAIRLEAD_NATS_CREDS: pem,
      FAIRLEAD_NATS_CERT: pem,
      FAIRLEAD_NATS_KEY: pem,
      FAIRLEAD_REDIS_URL: "redis//user:hush@c",
      UPSTASH_REDIS_REST_URL: "//u:hu/sh@hush",
    };
    const refused = await read(env).catch((error) => error.message);
    for (const name of Object.keys(env)) expect(refused).toContain(`${name}=(not shown): must be`);
    expect(refused).not.toMatch(/hush|hu\/sh/);
  });

  it("take an empty variable as one that is not set", async () => {
    expect(await read({ ...NATS, ...REDIS, FAIRLEAD_LOG_LEVEL: "" })).toMatchObject({ logLevel: "info" });
  });
});

describe("a value that may stand in a file", () => {
  it("may also be given itself, which is the only way where there are no files", async () => {
    const FAIRLEAD_NATS_CA = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
    const env = { ...NATS, ...REDIS, FAIRLEAD_NATS_CA };
    expect((await read(env)).nats.tls?.ca).toBe(FAIRLEAD_NATS_CA);
    const schema = z.object(clusterSettings);
    expect(await parseSettings(schema, env)).toMatchObject({ FAIRLEAD_NATS_CA });
    await expect(parseSettings(schema, { ...env, FAIRLEAD_NATS_CA: "/etc/hosts" })).rejects.toThrow(
      'FAIRLEAD_NATS_CA="/etc/hosts": must be',
    );
  });
});

describe("a secret", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-secrets-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const schema = z.object({ ...clusterSettings, ...ticketSettings });
  const secrets = Object.keys(schema.shape).filter(
    (name) => schema.shape[name as keyof typeof clusterSettings].meta()?.isSecret,
  );

  it("may stand in a file, every one of them", async () => {
    const keys = JSON.stringify(await exportKeySet(await generateKeySet()));
    const pem = "-----BEGIN X-----\nhush\n-----END X-----";
    const texts: Record<string, string> = {
      FAIRLEAD_NATS_SERVERS: "nats://u:hush@a",
      FAIRLEAD_NATS_PASSWORD: "hush",
      FAIRLEAD_NATS_TOKEN: "hush",
      FAIRLEAD_NATS_CREDS: pem,
      FAIRLEAD_NATS_CERT: pem,
      FAIRLEAD_NATS_KEY: pem,
      FAIRLEAD_REDIS_URL: "redis://:hush@b",
      UPSTASH_REDIS_REST_URL: "https://hush.example",
      UPSTASH_REDIS_REST_TOKEN: "hush",
      FAIRLEAD_TICKET_KEYS: keys,
      FAIRLEAD_TICKET_JWKS_URLS: "https://a.example/?hush",
    };
    expect(Object.keys(texts).sort()).toEqual(secrets.sort());
    const env: Environment = {};
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(join(folder, name), `${text}\n`);
      env[`${name}_FILE`] = join(folder, name);
    }
    const byFile = await parseSettings(schema, env, readFile);
    expect(byFile).toMatchObject({
      FAIRLEAD_NATS_PASSWORD: "hush",
      FAIRLEAD_NATS_KEY: pem,
      FAIRLEAD_REDIS_URL: "redis://:hush@b",
    });
    expect(byFile.FAIRLEAD_TICKET_KEYS?.signer).not.toBeNull();
  });

  it("in a file that can't be read, or given twice, is named without being shown", async () => {
    writeFileSync(join(folder, "token"), "hush");
    const env = {
      ...NATS,
      ...REDIS,
      FAIRLEAD_NATS_PASSWORD_FILE: "/nowhere/at/all",
      FAIRLEAD_NATS_TOKEN: "hush",
      FAIRLEAD_NATS_TOKEN_FILE: join(folder, "token"),
    };
    const refused = await read(env).catch((error) => error.message);
    expect(refused).toContain('FAIRLEAD_NATS_PASSWORD_FILE="/nowhere/at/all": must be the path of a file');
    expect(refused).toContain("FAIRLEAD_NATS_TOKEN and FAIRLEAD_NATS_TOKEN_FILE: must be one of both");
    expect(refused).not.toContain("hush");
    const onWorkers = parseSettings(schema, { ...NATS, ...REDIS, FAIRLEAD_NATS_TOKEN_FILE: "/a" });
    await expect(onWorkers).rejects.toThrow('FAIRLEAD_NATS_TOKEN_FILE="/a": must be the path of a file');
  });

  it("in a URL has some characters encoded, and the fault says which", async () => {
    const url = (password: string) =>
      read({ ...NATS, FAIRLEAD_REDIS_URL: `redis://fairlead:${password}@b:6379` });
    for (const password of ["a/b", "a#b", "a?b", "100%", "%zz"])
      await expect(url(password), password).rejects.toThrow(
        "% / ? # @ : , and spaces are written as %25 %2F",
      );
    expect((await url(encodeURIComponent("a/b#c?d%e@f:g,h"))).redis).toMatchObject({ kind: "redis" });
  });
});

describe("a key set", () => {
  const parse = (canSign: boolean, KEYS: string) =>
    parseSettings(z.object({ KEYS: setting.keySet(canSign) }), { KEYS }, readFile);

  it("is JSON, or a file with it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-keys-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const json = JSON.stringify(await exportKeySet(await generateKeySet()));
    writeFileSync(join(folder, "keys.json"), json);
    const [given, read] = await Promise.all([parse(true, json), parse(true, `@${folder}/keys.json`)]);
    expect(given.KEYS.signer?.kid).toBeTypeOf("string");
    expect(read.KEYS.signer?.kid).toBe(given.KEYS.signer?.kid);
  });

  it("of public keys is enough to verify, and refused where it must sign", async () => {
    const json = JSON.stringify(publicJwks(await generateKeySet()));
    expect((await parse(false, json)).KEYS.keys.length).toBe(1);
    await expect(parse(true, json)).rejects.toThrow("KEYS=(not shown): must be a JWK Set with a private");
  });

  it("of the cluster's own tickets is Ed25519", async () => {
    for (const alg of ["ES256", "HS256"] as const) {
      const json = JSON.stringify(await exportKeySet(await generateKeySet({ alg })));
      await expect(parse(false, json)).rejects.toThrow(
        "KEYS=(not shown): must be a JWK Set with Ed25519 keys",
      );
    }
  });

  it.each(["hush", '{"keys":[{"d":"hush"}]}', "@/nowhere/hush"])(
    "%s is refused without showing it",
    async (text) => {
      const refused = await parse(false, text).catch((error) => error.message);
      expect(refused).toContain("KEYS=(not shown): must be a JWK Set with Ed25519 keys");
      expect(refused).not.toContain("hush");
    },
  );
});
