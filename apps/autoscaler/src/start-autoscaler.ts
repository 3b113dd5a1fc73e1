import { createApiClient } from "@fairlead/api-client";
import { randomId } from "@fairlead/protocol";
import { openBus, openRegistry, type Stop } from "@fairlead/server-process";
import { gaugeCapacity } from "@fairlead/server-process/gauge-capacity";
import { openMetrics } from "@fairlead/server-process/metrics";
import type { Logger } from "@fairlead/telemetry";
import type { Config } from "./config.ts";
import { createDriver } from "./drivers/create-driver.ts";
import { Autoscaler } from "./loop/autoscaler.ts";
import { Role } from "./loop/role.ts";
import { ScaledGroup } from "./loop/scaled-group.ts";
import { type HeardMetrics, hearMetrics } from "./metrics/hear-metrics.ts";
import { type Exposed, serveHealth } from "./serve-health.ts";

const TROUBLES = ["scale.never_came", "scale.drain_given_up", "scale.failed"] as const;

const clocks = { now: () => performance.now(), wallNow: Date.now };

/** A process that scales the groups of a cluster, or waits until the one that does is gone. */
export async function startAutoscaler(config: Config, log: Logger): Promise<Stop> {
  const { http, api, redis, rules, everyMs, policy } = config;
  let autoscaler: Autoscaler | null = null;
  const { metrics, expose, close: stopMetrics } = await openMetrics("autoscaler", http !== null);
  const exposed: Exposed = expose ? { "/metrics": expose } : {};
  const health =
    http &&
    (await serveHealth(
      http,
      () => autoscaler,
      () => exposed,
    ));
  const registry = await openRegistry(redis, log, { metrics, policy });
  gaugeCapacity(metrics, registry);
  const role = new Role({ registry, holder: randomId(), log, ...clocks });
  metrics.gauge("scale.leads", () => (role.isHeld ? 1 : 0));
  const stopHearing = http ? hearEdge({ config, log, exposed, isShown: () => role.isHeld }) : async () => {};
  const drivers = config.groups.map(({ group, driver }) =>
    createDriver(driver, { group, env: config.env, log }),
  );
  const { nodes } = createApiClient(api);
  let isStopping = false;
  const mayAct = () => role.isHeld && !isStopping;
  const groups = config.groups.flatMap(({ group, min, max }, index) => {
    const driver = drivers[index];
    const of = { group, rules: { ...rules, min, max }, nodes, metrics, log, mayAct, ...clocks };
    return driver ? new ScaledGroup({ ...of, driver }) : [];
  });
  // The first one of each must show as an increase.
  for (const { group } of config.groups) for (const name of TROUBLES) metrics.count(name, group, 0);
  await role.begin();
  const started = new Autoscaler({ registry, groups, role, everyMs, log, now: clocks.now });
  started.begin();
  autoscaler = started;
  return async () => {
    isStopping = true;
    await started.close();
    await role.close();
    for (const driver of drivers) await driver.close();
    await stopHearing();
    await registry.close();
    stopMetrics();
    await health?.close();
  };
}

type Edge = {
  config: Config;
  log: Logger;
  exposed: Exposed;
  /** Each autoscaler hears all of it: one alone shows it, or sums would count it twice. */
  isShown: () => boolean;
};

/** What signaling counts where nobody can scrape it. Scaling does not wait for NATS, nor go by it. @returns Stops it. */
function hearEdge({ config, log, exposed, isShown }: Edge): () => Promise<void> {
  let heard: HeardMetrics | null = null;
  const bus = openBus(config.nats, { role: "autoscaler", name: "autoscaler", log, waitOnFirstConnect: true });
  const hearing = bus.then(
    (connected) => {
      heard = hearMetrics(connected, log, isShown);
      exposed["/metrics/edge"] = heard.expose;
      return connected;
    },
    (error) => {
      log.warn("metrics.edge_unheard", { error });
      return null;
    },
  );
  return async () => {
    heard?.stop();
    // One that is still trying to connect ends with the process.
    if (heard) await (await hearing)?.close();
  };
}
