/** Of 20 ms. */
export const OPUS_SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);
export const OPUS_SILENCE_MS = 20;

const SILK_MS = [10, 20, 40, 60];
const CELT_MS = [2.5, 5, 10, 20];
const LONGEST_MS = 120;

/** How long an Opus packet sounds. RFC 6716 § 3.1. @returns null where it is none. */
export function opusDurationMs(packet: Buffer): number | null {
  const toc = packet[0];
  if (toc === undefined) return null;
  const config = toc >> 3;
  const frameMs = frameMsOf(config);
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  const ms = frameMs * frames;
  return ms > 0 && ms <= LONGEST_MS ? ms : null;
}

function frameMsOf(config: number): number {
  if (config >= 16) return CELT_MS[config % 4] ?? 0;
  // Hybrid ones are of 10 and 20 ms.
  return SILK_MS[config < 12 ? config % 4 : config % 2] ?? 0;
}
