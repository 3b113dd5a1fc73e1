export { openBus } from "./open-bus.ts";
export { openRegistry } from "./open-registry.ts";
export { readFile } from "./read-file.ts";
export { configureProcess, runProcess, type Stop } from "./run-process.ts";
export * from "./settings.ts";
