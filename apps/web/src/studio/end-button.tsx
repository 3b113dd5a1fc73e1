import { useState } from "react";

type Props = { onEnd: () => Promise<string | undefined> };

/** Asks again before it ends the broadcast for everybody. */
export function EndButton({ onEnd }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const [failure, setFailure] = useState<string>();
  const end = async () => {
    setIsAsking(false);
    setFailure(await onEnd());
  };
  return (
    <span className="end-button">
      {isAsking ? (
        <>
          <button type="button" className="button button--danger" onClick={end}>
            End for everybody
          </button>
          <button type="button" className="button" onClick={() => setIsAsking(false)}>
            Go on
          </button>
        </>
      ) : (
        <button type="button" className="button" onClick={() => setIsAsking(true)}>
          End broadcast
        </button>
      )}
      {failure && <span role="alert">{failure}</span>}
    </span>
  );
}
