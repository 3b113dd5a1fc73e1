/** Called with each step; `percent` (whole, 0 to 100) comes with messages that replace one another. */
export type OnProgress = (message: string, percent?: number) => void;

/** The part of a stream that progress is shown on. */
export type ProgressStream = { isTTY?: boolean; write(text: string): unknown };

const eraseLine = "\r\u001b[K";

/** Writes messages as lines. Percentages share one line on a terminal; elsewhere every tenth one gets a line. */
export function showProgress(stream: ProgressStream): OnProgress {
  return stream.isTTY === true ? showOnTerminal(stream) : showInLog(stream);
}

function showOnTerminal(stream: ProgressStream): OnProgress {
  let isLineOpen = false;
  return (message, percent) => {
    const start = isLineOpen ? eraseLine : "";
    isLineOpen = percent !== undefined && percent < 100;
    stream.write(`${start}${withPercent(message, percent)}${isLineOpen ? "" : "\n"}`);
  };
}

function showInLog(stream: ProgressStream): OnProgress {
  return (message, percent) => {
    if (percent === undefined || percent % 10 === 0) stream.write(`${withPercent(message, percent)}\n`);
  };
}

function withPercent(message: string, percent: number | undefined): string {
  return percent === undefined ? message : `${message}: ${percent} %`;
}
