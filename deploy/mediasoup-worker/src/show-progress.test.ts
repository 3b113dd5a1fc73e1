import { expect, it } from "vitest";
import { showProgress } from "./show-progress.ts";

function show(isTTY: boolean): string {
  let text = "";
  const onProgress = showProgress({ isTTY, write: (part) => (text += part) });
  onProgress("building");
  for (const percent of [9, 10, 11, 100]) onProgress("worker", percent);
  onProgress("done");
  return text;
}

it("on a terminal percentages share one line, which ends at 100 %", () => {
  expect(show(true)).toBe(
    "building\nworker: 9 %\r\u001b[Kworker: 10 %\r\u001b[Kworker: 11 %\r\u001b[Kworker: 100 %\ndone\n",
  );
});

it("in a log every tenth percent is a line", () => {
  expect(show(false)).toBe("building\nworker: 10 %\nworker: 100 %\ndone\n");
});
