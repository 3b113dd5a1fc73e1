import { type Fragment, FragmentReader, type Init } from "../../packaging/fragment-reader.ts";

export type CollectedRun = { init: Init | null; fragments: Fragment[] };

/** Reads what a programme makes, as the packager does. */
export function collectRuns() {
  const runs: CollectedRun[] = [{ init: null, fragments: [] }];
  let reader = new FragmentReader();
  return {
    runs,
    accept: (_rendition: string, chunk: Uint8Array) => {
      const run = runs.at(-1);
      for (const event of reader.push(chunk))
        if (event.type === "init" && run) run.init = event.init;
        else if (event.type === "fragment") run?.fragments.push(event.fragment);
    },
    restarted: () => {
      reader = new FragmentReader();
      runs.push({ init: null, fragments: [] });
    },
    /** Runs that said something. */
    spoken: () => runs.filter(({ fragments }) => fragments.length > 0),
    count: () => runs.reduce((sum, { fragments }) => sum + fragments.length, 0),
  };
}
