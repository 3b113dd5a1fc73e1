import type { BroadcastState } from "@fairlead/client";
import { Fact, Facts } from "./facts.tsx";
import { bitrateText } from "./health.ts";
import { ingestWarnings, secondsText } from "./ingest-warnings.ts";
import type { Ingest } from "./use-ingest.ts";

type Props = {
  ingest: Ingest | undefined;
  state: BroadcastState | undefined;
  /** Of the picture's codec, e.g. `video/H264`. */
  mimeType: string | undefined;
};

/** How an encoder's stream arrives at the server, and what its broadcaster should change. */
export function IngestPanel({ ingest, state, mimeType }: Props) {
  const { publisher, refused } = ingest ?? {};
  if (!publisher && !refused && state !== "interrupted") return null;
  return (
    <section className="card ingest" aria-labelledby="ingest">
      <h2 id="ingest">What the encoder sends</h2>
      {ingest && publisher ? (
        <IngestFacts ingest={ingest} publisher={publisher} mimeType={mimeType} />
      ) : (
        <p className="notice" role="status">
          {refused
            ? `The encoder was sent away at ${timeText(refused.atMs)}: ${refused.words}`
            : "Nothing comes in: the encoder is gone. The broadcast goes on when it is back."}
        </p>
      )}
    </section>
  );
}

const NAMES: Record<string, string> = { rtmp: "RTMP", whip: "WHIP", sdk: "the SDK" };

function timeText(ms: number): string {
  return new Date(ms).toLocaleTimeString();
}

function IngestFacts({
  ingest: { droppedLately, hls },
  publisher,
  mimeType,
}: {
  ingest: Ingest;
  publisher: NonNullable<Ingest["publisher"]>;
  mimeType: string | undefined;
}) {
  const { kind, ingest: told, lossRatio } = publisher;
  const warnings = ingestWarnings(publisher, { droppedLately, nowMs: Date.now() });
  const codec = mimeType?.split("/")[1]?.replace("H26", "H.26") ?? "";
  const size = told?.width && told.height ? `${told.width} × ${told.height}` : "";
  const bitrateBps = told?.bitrateBps ?? publisher.bitrateBps;
  return (
    <>
      <Facts>
        <Fact name="Comes by">{NAMES[kind] ?? kind}</Fact>
        {(size || codec) && <Fact name="Picture">{[size, codec].filter(Boolean).join(", ")}</Fact>}
        <Fact name="Bitrate">{bitrateBps === undefined ? "–" : bitrateText(bitrateBps)}</Fact>
        {told?.fps !== undefined && <Fact name="Frames">{Math.round(told.fps)} a second</Fact>}
        {told?.gopMs !== undefined && <Fact name="Key frame every">{secondsText(told.gopMs)}</Fact>}
        {told?.hasBFrames !== undefined && (
          <Fact name="B-frames">
            {told.hasBFrames ? "Yes" : "None"}
            {told.isTranscoded && " (encoded anew)"}
          </Fact>
        )}
        {told?.droppedFrames !== undefined && <Fact name="Dropped frames">{told.droppedFrames}</Fact>}
        {!told && lossRatio !== undefined && (
          <Fact name="Lost packets">{(lossRatio * 100).toFixed(1)} %</Fact>
        )}
        <Fact name="HLS">{hlsText(hls)}</Fact>
      </Facts>
      <ul className="warnings" aria-label="Warnings" role="status">
        {warnings.map((text) => (
          <li key={text} className="notice">
            {text}
          </li>
        ))}
      </ul>
    </>
  );
}

function hlsText(hls: Ingest["hls"]): string {
  if (!hls) return "None: viewers come by WebRTC alone";
  const viewers = hls.viewers === 1 ? "1 viewer" : `${hls.viewers} viewers`;
  return hls.isTranscoded ? `${viewers}, encoded anew` : viewers;
}
