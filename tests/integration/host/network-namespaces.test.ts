import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { skipBecause } from "../../support/skip-because.ts";
import { canMakeNamespaces, ip, measureIn, runIn, sendDatagrams } from "./namespaces.ts";

const COUNT = 500;
/** Of payload; headers, neighbour discovery and answers come to less than half as much again. */
const BYTES = COUNT * 1_000;

/** A host whose `eth0` has a link to `world`. No address yet. */
function makeHost() {
  const [host, world] = ["host", "world"].map((name) => makeNamespace(name)) as [string, string];
  ip("-n", host, "link", "add", "eth0", "type", "veth", "peer", "name", "far0", "netns", world);
  for (const [name, link] of [
    [host, "eth0"],
    [world, "far0"],
  ] as const)
    ip("-n", name, "link", "set", link, "up");
  ip("-n", world, "addr", "add", "10.214.0.2/24", "dev", "far0");
  return { host, world };
}

function makeNamespace(kind: string): string {
  const name = `fairlead-${kind}-${process.pid}`;
  ip("netns", "add", name);
  onTestFinished(() => ip("netns", "del", name));
  ip("-n", name, "link", "set", "lo", "up");
  return name;
}

function giveAddress(host: string, link: string, address = "10.214.0.1/24"): void {
  ip("-n", host, "addr", "add", address, "dev", link);
  ip("-n", host, "link", "set", link, "up");
  waitForCarrier(host, link);
}

/** The kernel tells up to a second later that a bridge has a port with a carrier; Node lists no interface before. */
function waitForCarrier(host: string, link: string): void {
  runIn(
    host,
    `const look = () => require("os").networkInterfaces()["${link}"] ?? setTimeout(look, 20); look();`,
  );
}

function expectOnce({ bytes }: { bytes: number }): void {
  expect(bytes).toBeGreaterThan(BYTES);
  expect(bytes).toBeLessThan(1.5 * BYTES);
}

const cannot = canMakeNamespaces()
  ? null
  : "no network namespaces can be made: it needs root, ip netns, veth and bridge";

describe("a host's bytes", () => {
  beforeEach((test) => skipBecause(cannot, test));

  it("count once where containers send through a bridge of their own", async () => {
    const { host, world } = makeHost();
    const box = makeNamespace("box");
    giveAddress(host, "eth0");
    ip("-n", host, "route", "add", "default", "via", "10.214.0.2");
    ip("-n", host, "link", "add", "docker0", "type", "bridge");
    giveAddress(host, "docker0", "10.215.0.1/24");
    ip("-n", host, "link", "add", "veth0", "type", "veth", "peer", "name", "eth0", "netns", box);
    ip("-n", host, "link", "set", "veth0", "master", "docker0", "up");
    giveAddress(box, "eth0", "10.215.0.2/24");
    ip("-n", box, "route", "add", "default", "via", "10.215.0.1");
    ip("-n", world, "route", "add", "10.215.0.0/24", "via", "10.214.0.1");
    runIn(host, `require("fs").writeFileSync("/proc/sys/net/ipv4/ip_forward", "1")`);
    const measured = await measureIn(host, () => sendDatagrams(box, COUNT, "10.214.0.2"));
    expect(measured.interfaces).toEqual(["eth0"]);
    expectOnce(measured);
    const inside = await measureIn(box, () => sendDatagrams(box, COUNT, "10.214.0.2"));
    expect(inside.interfaces).toEqual(["eth0"]);
    expectOnce(inside);
  });

  it("count once where a bridge has the address and the link is its port", async () => {
    const { host } = makeHost();
    ip("-n", host, "link", "add", "br0", "type", "bridge");
    ip("-n", host, "link", "set", "eth0", "master", "br0");
    giveAddress(host, "br0");
    ip("-n", host, "route", "add", "default", "via", "10.214.0.2");
    const measured = await measureIn(host, () => sendDatagrams(host, COUNT, "10.214.0.2"));
    expect(measured.interfaces).toEqual(["br0"]);
    expectOnce(measured);
  });
});
