export { hlsSettings, ladderConfig, type RtmpConfig, rtmpConfig, rtmpSettings } from "./config.ts";
export { whyNoFfmpeg } from "./find-ffmpeg.ts";
export { createLive, type Live, type LiveOptions } from "./live.ts";
