export { type ClusterConfig, clusterConfig, clusterSettings } from "./cluster-settings.ts";
export { openBus } from "./open-bus.ts";
export { openRegistry } from "./open-registry.ts";
export { type Environment, parseSettings } from "./parse-settings.ts";
export { runProcess, type Stop } from "./run-process.ts";
export * as setting from "./setting.ts";
