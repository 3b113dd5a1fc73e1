import type { Bus } from "@fairlead/bus";
import type { Registry } from "@fairlead/registry";
import { type Metrics, measureCalls } from "@fairlead/telemetry";

/** Those that something waits for. */
const CALLS = [
  "place",
  "count",
  "heartbeat",
  "beatLive",
  "updateRoom",
  "describeRoom",
  "listNodes",
  "listGroups",
] as const satisfies (keyof Registry)[];

/** @returns The same registry, whose calls are measured from now on. */
export function measureRegistry<R extends Registry>(registry: R, metrics: Metrics): R {
  return measureCalls(registry, CALLS, { metrics, name: "registry.call", causeOf: (method) => method });
}

/** @returns The same bus, whose requests are measured from now on. */
export function measureBus<B extends Bus>(bus: B, metrics: Metrics): B {
  metrics.gauge("bus.connected", () => Number(bus.isConnected));
  return measureCalls(bus, ["request"], {
    ...{ metrics, name: "bus.request" },
    causeOf: (_, [subject]) => kindOf(String(subject)),
  });
}

/** @returns `node.call` of `fairlead.node.ID.call`: no id is a label. */
export function kindOf(subject: string): string {
  const [, what = "", ...rest] = subject.split(".");
  const last = rest.at(-1);
  return last === undefined ? what : `${what}.${last}`;
}
