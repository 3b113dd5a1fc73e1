import type { Problems } from "../media/media-notice.tsx";
import { CAPTURE_KINDS } from "../media/media-problem.ts";
import type { Captures } from "../media/preview.ts";

export function problemsOf(captures: Captures): Problems {
  const problems: Problems = {};
  for (const kind of CAPTURE_KINDS) {
    const capture = captures[kind];
    if (capture.state === "failed") problems[kind] = capture.problem;
  }
  return problems;
}
