import * as z from "zod";

/** Where a track comes from. A grant to publish names these, and a peer has at most one producer of each. */
export const Source = z.enum(["microphone", "camera", "screen", "screen_audio"]);
export type Source = z.infer<typeof Source>;

export const MediaKind = z.enum(["audio", "video"]);
export type MediaKind = z.infer<typeof MediaKind>;

export const KIND_OF_SOURCE = {
  microphone: "audio",
  camera: "video",
  screen: "video",
  screen_audio: "audio",
} as const satisfies Record<Source, MediaKind>;

/** A peer's permissions. The media node checks them: it reads them from the ticket, which it verified itself. */
export const Grants = z.object({
  publish: z.array(Source).max(4).default([]),
  subscribe: z.boolean().default(true),
  /** Send data messages; receiving them goes with `subscribe`. */
  data: z.boolean().default(false),
  /** Mute and remove other peers of the room. */
  moderate: z.boolean().default(false),
  /** With `moderate`: of those who have that grant themselves, too. Absent: of the others only. */
  moderateModerators: z.boolean().optional(),
});
export type Grants = z.infer<typeof Grants>;

export const EVERY_SOURCE: readonly Source[] = Source.options;
