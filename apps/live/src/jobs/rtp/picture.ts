import type { Sps } from "../../encoder/read-sps.ts";

/** What a decoder must know before the first picture. */
export type PictureFormat = { width: number; height: number } & (
  | { codec: "vp8" | "vp9" | "av1" }
  | {
      codec: "h264";
      sps: Sps;
      /** `AVCDecoderConfigurationRecord`. */
      config: Buffer;
    }
);

/** As a decoder takes it, and as Matroska and MP4 hold it. */
export type Picture = {
  bytes: Buffer;
  /** Of a key frame; null: it refers to pictures before it. */
  key: PictureFormat | null;
};

/**
 * Makes a picture of its packets, which have one time.
 * @param payloads In order, none missing between them.
 * @returns null: there is nothing to show. `broken`: they are no whole picture.
 */
export type AssemblePicture = (payloads: readonly Buffer[]) => Picture | null | "broken";
