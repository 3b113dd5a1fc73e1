import { useFocusAtStart } from "../ui/use-focus-at-start.ts";
import type { WatchEnd } from "./watch-state.ts";

type Props = { title: string; end: WatchEnd; onTryAgain: () => void };

/** @param title Of the broadcast; empty: it has none. */
export function EndCard({ title, end, onTryAgain }: Props) {
  const main = useFocusAtStart<HTMLElement>();
  return (
    <main ref={main} tabIndex={-1} className="end card">
      <div role="alert">
        {title && <p className="hint">{title}</p>}
        <h1>{end.title}</h1>
        <p>{end.advice}</p>
      </div>
      {end.canTryAgain && (
        <div className="end__actions">
          <button type="button" className="button button--primary" onClick={onTryAgain}>
            Try again
          </button>
        </div>
      )}
    </main>
  );
}
