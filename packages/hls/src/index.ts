export type { HlsAccess, View } from "./hls-access.ts";
