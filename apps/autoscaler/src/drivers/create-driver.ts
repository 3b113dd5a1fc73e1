import type { Environment } from "@fairlead/server-process";
import type { Logger } from "@fairlead/telemetry";
import * as z from "zod";
import { KubernetesDriver } from "./kubernetes/kubernetes-driver.ts";
import { KubernetesDriverSettings, kubernetesOptions } from "./kubernetes/kubernetes-settings.ts";
import { LocalDriver, LocalDriverSettings } from "./local-driver.ts";
import type { NodeDriver } from "./node-driver.ts";
import { WebhookDriver, WebhookDriverSettings } from "./webhook-driver.ts";

/** What starts and removes a group's nodes, by `kind`. */
export const DriverSettings = z.discriminatedUnion("kind", [
  LocalDriverSettings,
  KubernetesDriverSettings,
  WebhookDriverSettings,
]);
export type DriverSettings = z.infer<typeof DriverSettings>;

export type DriverContext = {
  group: string;
  /** Of this process. */
  env: Environment;
  log: Logger;
};

export function createDriver(settings: DriverSettings, context: DriverContext): NodeDriver {
  switch (settings.kind) {
    case "local":
      return new LocalDriver({ ...settings, ...context, env: { ...nodeEnv(context.env), ...settings.env } });
    case "kubernetes":
      return new KubernetesDriver(kubernetesOptions(settings));
    case "webhook":
      return new WebhookDriver({ ...settings, group: context.group });
  }
}

/** This process's own: of scaling, its port, and who it is to NATS. */
const OWN = /^FAIRLEAD_(SCALE_|HTTP_|NATS_USER|NATS_PASSWORD)/;

/** What a node of this machine needs of this process's environment. */
function nodeEnv(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || OWN.test(name) ? [] : [[name, value]],
    ),
  );
}
