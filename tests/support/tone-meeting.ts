import type { Page } from "playwright-core";

/** What a tab has seen and heard of a peer that hums and shows a moving picture. */
export type ToneRecord = {
  /** When each frame was shown, ms. */
  frames: number[];
  /** The loudest sample of each 5 ms of the tab's own sound. */
  peaks: number[];
};

declare global {
  interface Window {
    tone: { record: ToneRecord; reset(): void };
  }
}

export const PEAK_MS = 5;
/** So much of the usual loudness is no silence. */
const QUIET_SHARE = 0.3;

/** Chromium's: a tab's own sound can be captured, unasked. Needs the whole browser, unmuted. */
export const TONE_BROWSER = {
  program: "whole",
  sound: "captured",
  args: ["--disable-background-timer-throttling"],
} as const;

/** The tab's first peer publishes a steady tone of 440 Hz, and pictures of which each differs from the last. @param noise They are as hard to encode as any. */
export async function publishTone(page: Page, { height = 180, noise = false } = {}): Promise<void> {
  await page.evaluate(
    async ([lines, isNoise]) => {
      const [room] = window.sdk.rooms();
      const canvas = Object.assign(document.createElement("canvas"), {
        width: (lines * 16) / 9,
        height: lines,
      });
      document.body.append(canvas);
      const pen = canvas.getContext("2d");
      const [picture] = canvas.captureStream(15).getVideoTracks();
      const audio = new AudioContext({ sampleRate: 48_000 });
      const hum = new OscillatorNode(audio, { frequency: 440 });
      const out = audio.createMediaStreamDestination();
      hum.connect(new GainNode(audio, { gain: 0.5 })).connect(out);
      hum.start();
      const [sound] = out.stream.getAudioTracks();
      if (!room || !pen || !picture || !sound) throw new Error("nothing to publish");
      let drawn = 0;
      setInterval(() => {
        drawn += 1;
        pen.fillStyle = `hsl(${drawn % 360} 60% 40%)`;
        pen.fillRect(0, 0, canvas.width, lines);
        for (let spot = 0; isNoise && spot < 400; spot += 1) {
          pen.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`;
          pen.fillRect(Math.random() * canvas.width, Math.random() * lines, 16, 16);
        }
        pen.fillStyle = "white";
        pen.fillRect((drawn * 7) % canvas.width, 0, 30, lines);
      }, 1_000 / 15);
      await room.publishTrack(picture, "camera");
      await room.publishTrack(sound, "microphone");
    },
    [height, noise] as const,
  );
}

/**
 * The tab records what its first peer sees and hears, from now on. The page must be in front: only that tells of frames.
 * @param together Sound and picture play in one element, as in a player.
 */
export async function recordTone(page: Page, { together = false } = {}): Promise<void> {
  await page.evaluate(
    async ([peakMs, isOneElement]) => {
      const record: ToneRecord = { frames: [], peaks: [] };
      window.tone = {
        record,
        reset: () => {
          record.frames.length = 0;
          record.peaks.length = 0;
        },
      };
      const [room] = window.sdk.rooms();
      const tracks = [...(room?.peers.values() ?? [])].flatMap((peer) => [...peer.tracks.values()]);
      for (const track of tracks) {
        if (track.kind !== "video") continue;
        const shown = track.attach() as HTMLVideoElement;
        document.body.append(shown);
        const sound = isOneElement && track.peer.tracks.get("microphone");
        if (sound) {
          sound.detach();
          sound.attach(shown);
        }
        const note = (nowMs: number) => {
          record.frames.push(nowMs);
          shown.requestVideoFrameCallback(note);
        };
        shown.requestVideoFrameCallback(note);
      }
      const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      const capture = await navigator.mediaDevices.getDisplayMedia({
        video: true,
        audio: raw,
        preferCurrentTab: true,
      } as DisplayMediaStreamOptions);
      for (const picture of capture.getVideoTracks()) picture.stop();
      const context = new AudioContext({ sampleRate: 48_000 });
      const code = `registerProcessor("peaks", class extends AudioWorkletProcessor {
      samples = 0; peak = 0; peaks = [];
      process([[channel]]) {
        const count = channel ? channel.length : 128;
        for (let index = 0; index < count; index++) {
          this.peak = Math.max(this.peak, channel ? Math.abs(channel[index]) : 0);
          if (++this.samples < ${(48_000 / 1_000) * peakMs}) continue;
          this.peaks.push(this.peak);
          this.samples = 0;
          this.peak = 0;
        }
        if (this.peaks.length >= 20) this.port.postMessage(this.peaks.splice(0));
        return true;
      }
    });`;
      await context.audioWorklet.addModule(
        URL.createObjectURL(new Blob([code], { type: "text/javascript" })),
      );
      const meter = new AudioWorkletNode(context, "peaks");
      meter.port.onmessage = ({ data }) => record.peaks.push(...data);
      const silent = new GainNode(context, { gain: 0 });
      context.createMediaStreamSource(new MediaStream(capture.getAudioTracks())).connect(meter);
      meter.connect(silent).connect(context.destination);
    },
    [PEAK_MS, together] as const,
  );
}

/** @returns What was recorded in the next `ms`, and beyond that until `act` is done. */
export async function recordWhile(
  page: Page,
  ms: number,
  act: () => Promise<unknown> = async () => {},
): Promise<ToneRecord> {
  await page.evaluate(() => window.tone.reset());
  await Promise.all([act(), page.waitForTimeout(ms)]);
  return page.evaluate(() => window.tone.record);
}

export function longestSilenceMs(record: ToneRecord): number {
  return Math.max(0, ...silencesMs(record));
}

/** @returns Each silence. */
export function silencesMs({ peaks }: ToneRecord): number[] {
  const usual = peaks.toSorted((a, b) => a - b)[peaks.length >> 1] ?? 0;
  const gaps: number[] = [];
  let run = 0;
  for (const peak of peaks) {
    if (peak < QUIET_SHARE * usual) run += 1;
    else if (run > 0) {
      gaps.push(run * PEAK_MS);
      run = 0;
    }
  }
  return usual > 0 ? gaps : [peaks.length * PEAK_MS];
}

/** @returns The longest time that a frame was shown. */
export function longestFrameMs({ frames }: ToneRecord): number {
  return Math.max(0, ...frames.slice(1).map((atMs, index) => atMs - (frames[index] ?? atMs)));
}
