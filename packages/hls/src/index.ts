export { createHlsApp, type HlsApp, type HlsAppOptions, type HlsLimits } from "./create-hls-app.ts";
export type { HlsAccess, View } from "./hls-access.ts";
export { StalledError } from "./serving/refuse.ts";
