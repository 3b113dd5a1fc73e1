import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
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
  expect(readdirSync(folder).filter((file) => file.endsWith(".json"))).toHaveLength(1);
});

it("takes no other process for one of its own, though it has its id", async () => {
  const { folder, driver } = setUp();
  const stranger = { pid: process.pid, startedTicks: "1", askedAtMs: Date.now() };
  writeFileSync(join(folder, "node-x.json"), JSON.stringify(stranger));
  expect(await driver.list()).toEqual([]);
});

it("says so where there is no such program", async () => {
  const { driver } = setUp(["/nowhere/fairlead-node"]);
  await expect(driver.start(1)).rejects.toThrow("ENOENT");
  expect(await driver.list()).toEqual([]);
});
