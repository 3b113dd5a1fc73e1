import { useState } from "react";
import { makeStreamKey, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { CopyField } from "../ui/copy-field.tsx";

type Props = {
  right: StudioRight;
  whipUrl: string;
  /** Known to this page only while nobody has reloaded it: the server keeps a hash of it. */
  streamKey: string | undefined;
  onNewKey: (streamKey: string) => void;
};

/** What OBS and other encoders need. */
export function EncoderPanel({ right, whipUrl, streamKey, onNewKey }: Props) {
  const [failure, setFailure] = useState<string>();
  const renew = async () => {
    setFailure(undefined);
    const answer = await makeStreamKey(right);
    if (answer.state === "granted") onNewKey(answer.value.streamKey);
    else setFailure(refusalText(answer));
  };
  return (
    <details className="card encoder" open={streamKey !== undefined}>
      <summary>
        <h2 className="encoder__title">Send from OBS or another encoder</h2>
      </summary>
      <p className="hint">
        OBS 30 or newer: Settings → Stream, service “WHIP”, with this server and bearer token. Then “Start
        streaming”.
      </p>
      <CopyField label="Server" value={whipUrl} />
      {streamKey === undefined ? (
        <p className="hint">The stream key was shown once, when it was made.</p>
      ) : (
        <CopyField
          label="Bearer token"
          value={streamKey}
          isSecret
          hint="The stream key. It is shown only now: whoever has it may send."
        />
      )}
      <button type="button" className="button" onClick={renew}>
        Make a new stream key
      </button>
      {failure && (
        <p role="alert" className="notice notice--error">
          {failure}
        </p>
      )}
    </details>
  );
}
