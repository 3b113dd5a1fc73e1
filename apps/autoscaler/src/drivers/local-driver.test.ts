import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { createDriver } from "./create-driver.ts";
import { LocalDriver } from "./local-driver.ts";

/** Tells its id and its group, and ends a moment after SIGTERM. */
const NODE = `
  console.log(process.env.FAIRLEAD_NODE_ID, process.env.FAIRLEAD_GROUP);
  process.on("SIGTERM", () => setTimeout(() => process.exit(0), 50));
  setInterval(() => {}, 1000);
`;

function setUp(command = [process.execPath, "-e", NODE]) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-local-"));
  const env = { PATH: process.env.PATH ?? "" };
  const open = () =>
    new LocalDriver({
      ...{ kind: "local" as const, command, env, folder, endMs: 10_000 },
      ...{ group: "eu", log: silentLogger },
    });
  const driver = open();
  onTestFinished(async () => {
    for (const instance of await driver.list()) await driver.remove(instance);
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, driver, open };
}

it("starts processes that outlive it, lists them anew, and removes the one that is meant", async () => {
  const { folder, driver, open } = setUp();
  await driver.start(2);
  await driver.close();
  const next = open();
  const [one = expect.fail(), two] = await next.list();
  expect(one.nodeId).toBe(one.id);
  expect(two?.id).not.toBe(one.id);
  await next.remove(one);
  expect(await next.list()).toEqual([two]);
  await next.remove(one);
  expect(readdirSync(folder).sort()).toEqual([`${two?.id}.json`, `${two?.id}.log`]);
});

it.runIf(process.platform === "linux")("keeps no file open of the nodes that it has started", async () => {
  const { folder, driver } = setUp();
  await driver.start(1);
  const open = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  expect(open.filter((path) => path.startsWith(folder))).toEqual([]);
});

it("gives nodes this process's environment, without what is its own: its port, and its name at NATS", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-local-"));
  const command = [
    process.execPath,
    "-e",
    "console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)",
  ];
  const settings = {
    kind: "local" as const,
    command,
    env: { FAIRLEAD_NATS_USER: "node" },
    folder,
    endMs: 10_000,
  };
  const own = { FAIRLEAD_HTTP_PORT: "3001", FAIRLEAD_HTTP_HOST: "::", FAIRLEAD_SCALE_API_KEY: "key" };
  const env = {
    ...own,
    FAIRLEAD_NATS_USER: "autoscaler",
    FAIRLEAD_NATS_PASSWORD: "hush",
    FAIRLEAD_REGION: "eu",
  };
  const driver = createDriver(settings, { group: "eu", env, log: silentLogger });
  await driver.start(1, () => true);
  const [node = expect.fail()] = await driver.list();
  onTestFinished(async () => {
    await driver.remove(node, () => true);
    rmSync(folder, { recursive: true, force: true });
  });
  const told = () => readFileSync(join(folder, `${node.id}.log`), "utf8");
  await expect.poll(told, { timeout: 15_000 }).toContain("}");
  const given = Object.entries(JSON.parse(told())).filter(([name]) => name.startsWith("FAIRLEAD_"));
  const expected = {
    FAIRLEAD_GROUP: "eu",
    FAIRLEAD_NODE_ID: node.id,
    FAIRLEAD_REGION: "eu",
    FAIRLEAD_NATS_USER: "node",
  };
  expect(Object.fromEntries(given)).toEqual(expected);
});

it("takes no other process for one of its own, though it has its id", async () => {
  const { folder, driver } = setUp();
  const stranger = { pid: process.pid, startedTicks: "1", askedAtMs: Date.now() };
  writeFileSync(join(folder, "node-x.json"), JSON.stringify(stranger));
  expect(await driver.list()).toEqual([]);
});

it("says so where there is no such program", async () => {
  const { folder, driver } = setUp(["/nowhere/fairlead-node"]);
  await expect(driver.start(1)).rejects.toThrow("ENOENT");
  expect(readdirSync(folder)).toEqual([]);
});
