import { createLive, type Live, type LiveOptions } from "@fairlead/live";

export type OfferedRtmp = {
  /** null: it is not offered. */
  live: Live | null;
  /** Why it is not offered, or not where it was asked for; null: it is. */
  note: string | null;
};

/**
 * Takes RTMP in where ffmpeg is there, at another port where that is taken.
 * @param missing Of ffmpeg; null: nothing is.
 */
export async function offerRtmp(options: LiveOptions, missing: string | null): Promise<OfferedRtmp> {
  if (missing !== null)
    return { live: null, note: `${missing} (on Debian: apt-get install ffmpeg, then start again)` };
  try {
    return { live: await createLive(options), note: null };
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") throw error;
    return { live: await createLive({ ...options, port: 0 }), note: `port ${options.port} is taken` };
  }
}
