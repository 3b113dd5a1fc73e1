import type { ErrorCode } from "@fairlead/client";
import { useState } from "react";
import { useFocusAtStart } from "../ui/use-focus-at-start.ts";
import { endText } from "./end-text.ts";

type Props = {
  code: ErrorCode;
  message: string;
  /** @returns Why it failed; undefined when it did not. */
  onJoinAgain: () => Promise<string | undefined>;
  onBack: () => void;
};

export function EndScreen({ code, message, onJoinAgain, onBack }: Props) {
  const [isJoining, setIsJoining] = useState(false);
  const main = useFocusAtStart<HTMLElement>();
  const [failure, setFailure] = useState<string>();
  const { title, advice, canJoinAgain } = endText(code, message);
  const joinAgain = async () => {
    setIsJoining(true);
    const reason = await onJoinAgain();
    setIsJoining(false);
    setFailure(reason);
  };
  return (
    <main ref={main} tabIndex={-1} className="end card">
      <div role="alert">
        <h1>{title}</h1>
        <p>{failure ?? advice}</p>
      </div>
      <div className="end__actions">
        {canJoinAgain && (
          <button type="button" className="button button--primary" disabled={isJoining} onClick={joinAgain}>
            {isJoining ? "Joining…" : "Join again"}
          </button>
        )}
        <button type="button" className="button" onClick={onBack}>
          Back to the lobby
        </button>
      </div>
    </main>
  );
}
