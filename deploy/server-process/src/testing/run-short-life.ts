/** A server process without a server, for `run-process.test.ts`: `run-short-life.ts BEHAVIOUR`. */
import { runProcess } from "../run-process.ts";

const [behaviour] = process.argv.slice(2);

await runProcess(
  async () => ({ logLevel: "info" as const }),
  async (_, log) => {
    setInterval(() => {}, 1_000);
    if (behaviour === "fails_to_start") throw new Error("no port", { cause: new Error("EADDRINUSE") });
    if (behaviour === "hangs_in_start") {
      log.info("test.starting");
      await new Promise(() => {});
    }
    if (behaviour === "throws") setTimeout(() => neverCaught(), 0);
    if (behaviour === "rejects") void Promise.resolve().then(neverCaught);
    return async () => {
      if (behaviour === "hangs_in_stop") await new Promise(() => {});
    };
  },
);

function neverCaught(): void {
  throw new Error("a bug", { cause: new Error("its cause") });
}
