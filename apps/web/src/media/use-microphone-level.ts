import { type RefObject, useEffect } from "react";

const METER_INTERVAL_MS = 60;

/**
 * Writes the track's loudness (0..1) into the element's `--level` and `aria-valuenow`, past React: it changes 16 times
 * a second.
 */
export function useMicrophoneLevel(
  track: MediaStreamTrack | undefined,
  element: RefObject<HTMLElement | null>,
): void {
  useEffect(() => {
    if (!track) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const level = loudness(samples);
      element.current?.style.setProperty("--level", level.toFixed(2));
      element.current?.setAttribute("aria-valuenow", String(Math.round(level * 100)));
    }, METER_INTERVAL_MS);
    return () => {
      clearInterval(timer);
      void context.close();
      element.current?.style.setProperty("--level", "0");
    };
  }, [track, element]);
}

const QUIETEST_DB = -60;

/** Root mean square of samples (-1..1) on a scale of decibels: 0 at -60 dB and below, 1 at full scale. */
export function loudness(samples: Float32Array): number {
  const meanSquare = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  if (meanSquare === 0) return 0;
  return Math.min(1, Math.max(0, 1 - (10 * Math.log10(meanSquare)) / QUIETEST_DB));
}
