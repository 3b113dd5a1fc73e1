import { useState } from "react";
import { makeStreamKey, type Studio, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { CopyField } from "../ui/copy-field.tsx";

type Props = {
  right: StudioRight;
  studio: Pick<Studio, "whipUrl" | "rtmpUrl" | "rtmpNote">;
  /** Known to this page only while nobody has reloaded it: the server keeps a hash of it. */
  streamKey: string | undefined;
  onNewKey: (streamKey: string) => void;
};

type Way = "rtmp" | "whip";

const GUIDES: Record<Way, { steps: string; key: string }> = {
  rtmp: {
    steps:
      "OBS: Settings → Stream, service “Custom…”, with this server and stream key. Then “Start Streaming”. Other encoders may want both in one URL, with a slash between.",
    key: "Stream key",
  },
  whip: {
    steps:
      "OBS 30 or newer: Settings → Stream, service “WHIP”, with this server and bearer token. Then “Start Streaming”. It arrives a little sooner than by RTMP.",
    key: "Bearer token",
  },
};

/** What OBS and other encoders need. */
export function EncoderPanel({ right, studio, streamKey, onNewKey }: Props) {
  const { rtmpUrl, rtmpNote, whipUrl } = studio;
  const [chosen, setChosen] = useState<Way>("rtmp");
  const way = rtmpUrl === null ? "whip" : chosen;
  const guide = GUIDES[way];
  return (
    <details className="card encoder" open={streamKey !== undefined}>
      <summary>
        <h2 className="encoder__title">Send from OBS or another encoder</h2>
      </summary>
      {rtmpUrl === null ? (
        <p className="hint">This server takes no RTMP in{rtmpNote && `: ${rtmpNote}`}.</p>
      ) : (
        <WayChoice way={way} onChoose={setChosen} />
      )}
      <p className="hint">{guide.steps}</p>
      <CopyField key={`${way} server`} label="Server" value={(way === "rtmp" && rtmpUrl) || whipUrl} />
      {streamKey === undefined ? (
        <p className="hint">The stream key was shown once, when it was made.</p>
      ) : (
        <CopyField
          key={`${way} ${streamKey}`}
          label={guide.key}
          value={streamKey}
          isSecret
          hint={`${way === "whip" ? "The stream key. " : ""}This page forgets it: whoever has it may send.`}
        />
      )}
      <NewKey right={right} onNewKey={onNewKey} />
    </details>
  );
}

function WayChoice({ way, onChoose }: { way: Way; onChoose: (way: Way) => void }) {
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Protocol</legend>
      {(["rtmp", "whip"] as const).map((one) => (
        <label key={one} className="segments__one">
          <input type="radio" name="way" checked={way === one} onChange={() => onChoose(one)} />
          {one.toUpperCase()}
        </label>
      ))}
    </fieldset>
  );
}

function NewKey({ right, onNewKey }: Pick<Props, "right" | "onNewKey">) {
  const [failure, setFailure] = useState<string>();
  const renew = async () => {
    setFailure(undefined);
    const answer = await makeStreamKey(right);
    if (answer.state === "granted") onNewKey(answer.value.streamKey);
    else setFailure(refusalText(answer));
  };
  return (
    <>
      <button type="button" className="button" onClick={renew}>
        Make a new stream key
      </button>
      {failure && (
        <p role="alert" className="notice notice--error">
          {failure}
        </p>
      )}
    </>
  );
}
