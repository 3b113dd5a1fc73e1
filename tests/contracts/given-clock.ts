const START_MS = 1_800_000_000_000;

/** Time that stands still but for `advance`. A registry that is given `told` lives by it, and by what its callers take it for. */
export function givenClock() {
  let nowMs = START_MS;
  let skewMs = 0;
  return {
    now: () => nowMs,
    told: () => nowMs + skewMs,
    advance: async (ms: number) => {
      nowMs += ms;
    },
    /** A registry reads its clock as soon as it is called. */
    skewed: <T>(ms: number, call: () => Promise<T>): Promise<T> => {
      skewMs = ms;
      try {
        return call();
      } finally {
        skewMs = 0;
      }
    },
    reset: () => {
      nowMs = START_MS;
    },
  };
}
