import { CAPTURE_KINDS, type CaptureKind, type MediaProblem } from "./media-problem.ts";
import { problemText } from "./problem-text.ts";

export type Problems = Partial<Record<CaptureKind, MediaProblem>>;

type Props = { problems: Problems; onRetry?: (kinds: CaptureKind[]) => void };

/** Trying again does not help: the page itself is the reason. */
const PERMANENT: readonly MediaProblem[] = ["insecure", "unsupported"];

/** One notice for each kind of problem: two devices with the same one share it. */
export function MediaNotice({ problems, onRetry }: Props) {
  const groups = Map.groupBy(
    CAPTURE_KINDS.filter((kind) => problems[kind]),
    (kind) => problems[kind] as MediaProblem,
  );
  return (
    <div role="status" className="notices">
      {[...groups].map(([problem, kinds]) => {
        const { title, advice } = problemText(problem, kinds);
        return (
          <div key={problem} className="notice">
            <strong>{title}</strong>
            <p>{advice}</p>
            {onRetry && !PERMANENT.includes(problem) && (
              <button type="button" className="button" onClick={() => onRetry(kinds)}>
                Try again
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}
