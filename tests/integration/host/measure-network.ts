/** Run in a network namespace: prints which interfaces count there and, after a line from the test, how many bytes they had since. */
import { once } from "node:events";
import { silentLogger } from "@fairlead/telemetry";
import { countedInterfaces } from "../../../apps/media-node/src/worker/counted-interfaces.ts";
import { readHostNetwork } from "../../../apps/media-node/src/worker/host-network.ts";
import { localAddresses } from "../../../apps/media-node/src/worker/listen-addresses.ts";
import { NetworkMeter } from "../../../apps/media-node/src/worker/network-meter.ts";

/** Bits per second; with samples a second apart the load is bytes by a hundred million. */
const CAPACITY_BPS = 800_000_000;

const interfaces = countedInterfaces(localAddresses(), readHostNetwork());
const meter = new NetworkMeter({
  capacityBps: CAPACITY_BPS,
  log: silentLogger,
  interfaces: () => interfaces,
});
meter.sample(0);
console.log(JSON.stringify({ interfaces }));
await once(process.stdin, "data");
meter.sample(1_000);
console.log(JSON.stringify({ bytes: Math.round((meter.load * CAPACITY_BPS) / 8) }));
process.exit(0);
