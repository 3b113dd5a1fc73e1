export type { Config } from "./config.ts";
export { type Standalone, startStandalone } from "./standalone.ts";
