/** What plays a playlist in an element. */
export type HlsEngine = {
  /** From the newest picture that the server has to the one that is shown; null: not known. */
  latencyMs(): number | null;
  /** Of the pictures that there are, the largest first; one or none: there is nothing to choose. */
  heights(): number[];
  /** @param height null: as the network carries. */
  choose(height: number | null): void;
  close(): void;
};

export type OpenHlsEngine = (
  video: HTMLVideoElement,
  url: string,
  /** Nothing more comes of this playlist. */
  onLost: () => void,
) => Promise<HlsEngine>;

/** By default hls.js stays where it began, behind the newest part. */
const CATCH_UP_RATE = 1.2;
const KEPT_BEHIND_S = 30;
/** So much further behind it stays after each stall, seconds: by default a whole one. */
const STALL_COSTS_S = 0.2;

/** hls.js, where the browser has Media Source Extensions; else the browser's own player, as on iPhones. */
export const openHlsEngine: OpenHlsEngine = async (video, url, onLost) => {
  const { default: Hls } = await import("hls.js/light");
  if (!Hls.isSupported()) return openNative(video, url, onLost);
  const hls = new Hls({
    lowLatencyMode: true,
    maxLiveSyncPlaybackRate: CATCH_UP_RATE,
    liveSyncOnStallIncrease: STALL_COSTS_S,
    backBufferLength: KEPT_BEHIND_S,
    // Fragmented MP4 needs no other thread.
    enableWorker: false,
  });
  let isRecovered = false;
  hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
    if (!fatal) return;
    if (type !== Hls.ErrorTypes.MEDIA_ERROR || isRecovered) return onLost();
    isRecovered = true;
    hls.recoverMediaError();
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    latencyMs: () => (hls.latency > 0 ? hls.latency * 1_000 : null),
    heights: () => hls.levels.map(({ height }) => height).toSorted((a, b) => b - a),
    choose: (height) => {
      hls.nextLevel = hls.levels.findIndex((level) => level.height === height);
    },
    close: () => hls.destroy(),
  };
};

function openNative(video: HTMLVideoElement, url: string, onLost: () => void): HlsEngine {
  video.addEventListener("error", onLost);
  video.src = url;
  return {
    latencyMs: () => {
      const { seekable, currentTime } = video;
      return seekable.length > 0 ? (seekable.end(seekable.length - 1) - currentTime) * 1_000 : null;
    },
    heights: () => [],
    choose: () => {},
    close: () => {
      video.removeEventListener("error", onLost);
      video.removeAttribute("src");
      video.load();
    },
  };
}
