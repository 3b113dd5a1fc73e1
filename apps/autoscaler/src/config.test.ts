import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

const LOCAL = {
  kind: "local",
  command: ["node", "main.ts"],
  folder: "/var/lib/nodes",
  env: { SECRET: "hush" },
};
const GROUP = { group: "default", driver: LOCAL, max: 5 };
const ENV = {
  FAIRLEAD_NATS_SERVERS: "nats://a",
  FAIRLEAD_REDIS_URL: "redis://b",
  FAIRLEAD_SCALE_API_URL: "https://api.example.org",
  FAIRLEAD_SCALE_API_KEY: "key",
  FAIRLEAD_SCALE_GROUPS: JSON.stringify([GROUP]),
};

describe("the settings of an autoscaler", () => {
  it("need groups, a registry and the API; two nodes are the fewest of a group", async () => {
    expect(await readConfig(ENV)).toMatchObject({
      groups: [{ group: "default", min: 2, max: 5, driver: { kind: "local", endMs: 60_000 } }],
      api: { url: "https://api.example.org", apiKey: "key" },
      rules: { startMs: 180_000, settleMs: 600_000, drainMs: 300_000 },
      policy: { belowForMs: 300_000, nodeStartMs: 120_000 },
      ...{ everyMs: 5_000, http: null },
    });
  });

  it("take groups, and the key, from files", async () => {
    const files: Record<string, string> = { "/groups": JSON.stringify([GROUP]), "/key": "from-file\n" };
    const { FAIRLEAD_SCALE_API_KEY: _, ...env } = ENV;
    const given = { ...env, FAIRLEAD_SCALE_GROUPS: "@/groups", FAIRLEAD_SCALE_API_KEY_FILE: "/key" };
    const config = await readConfig(given, (path) => files[path] ?? "");
    expect([config.groups[0]?.group, config.api.apiKey]).toEqual(["default", "from-file"]);
  });

  it.each<[why: string, groups: unknown]>([
    ["is no JSON", undefined],
    ["0.min: ", [{ ...GROUP, min: 1 }]],
    ["0.max: must not be below min", [{ ...GROUP, min: 6 }]],
    [
      "0.driver.url: must have no user or password",
      [
        {
          ...GROUP,
          driver: { kind: "webhook", url: "https://ops:hush@example.org", secret: "x".repeat(16) },
        },
      ],
    ],
    ["0.driver.kind: ", [{ ...GROUP, driver: { ...LOCAL, kind: "cloud" } }]],
    ['Unrecognized key: "mx"', [{ ...GROUP, mx: 7 }]],
    ["must name each group once", [GROUP, GROUP]],
    ["expected array to have >=1", []],
  ])("say of groups: %s; and show no secret", async (why, groups) => {
    const text = groups === undefined ? "[hush" : JSON.stringify(groups);
    const read = readConfig({ ...ENV, FAIRLEAD_SCALE_GROUPS: text });
    await expect(read).rejects.toThrow(why);
    await expect(read).rejects.not.toThrow("hush");
  });

  it.each([
    ["FAIRLEAD_SCALE_API_URL", "api.example.org"],
    ["FAIRLEAD_SCALE_EVERY_MS", "0"],
    ["FAIRLEAD_SCALE_START_MS", "soon"],
  ])("name a wrong %s", async (name, value) => {
    await expect(readConfig({ ...ENV, [name]: value })).rejects.toThrow(`${name}="${value}": `);
  });
});

describe("a group's driver", () => {
  const driverOf = async (driver: object) => {
    const groups = JSON.stringify([{ group: "default", driver, max: 5 }]);
    return (await readConfig({ ...ENV, FAIRLEAD_SCALE_GROUPS: groups })).groups[0]?.driver;
  };

  it("of Kubernetes needs to know the Deployment alone", async () => {
    expect(await driverOf({ kind: "kubernetes", deployment: "media-node" })).toMatchObject({
      url: "https://kubernetes.default.svc",
      tokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token",
      caFile: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    });
  });

  it("by webhook needs a URL and a secret, which is not shown", async () => {
    const webhook = { kind: "webhook", url: "https://nodes.example.org", secret: "hush-hush-hush-hush" };
    expect(await driverOf(webhook)).toEqual(webhook);
    await expect(driverOf({ ...webhook, secret: "hush" })).rejects.toThrow("driver.secret: ");
    await expect(driverOf({ ...webhook, secret: "hush" })).rejects.not.toThrow("hush");
    await expect(driverOf({ ...webhook, url: "ftp://nodes.example.org" })).rejects.toThrow("driver.url: ");
  });
});
