import { describe, expect, it } from "vitest";
import { type ConsoleLoggerOptions, createConsoleLogger } from "./console-logger.ts";

function setUp(level: ConsoleLoggerOptions["level"] = "info") {
  const lines: Record<string, unknown>[] = [];
  const log = createConsoleLogger({ level, now: () => 1_800, write: (line) => lines.push(JSON.parse(line)) });
  return { log, lines };
}

describe("the console's logger", () => {
  it("writes pino's lines: level, time, fields, and the event as msg", () => {
    const { log, lines } = setUp();
    log.info("room.placed", { roomId: "standup" });
    log.error("room.lost");
    expect(lines).toEqual([
      { level: 30, time: 1_800, roomId: "standup", msg: "room.placed" },
      { level: 50, time: 1_800, msg: "room.lost" },
    ]);
  });

  it("leaves out what is below its level, and everything when it is silent", () => {
    const { log, lines } = setUp("warn");
    log.info("quiet");
    log.debug("quieter");
    log.warn("heard");
    expect(lines.map(({ msg }) => msg)).toEqual(["heard"]);
    const silent = setUp("silent");
    silent.log.error("unheard");
    expect(silent.lines).toEqual([]);
  });

  it("adds a child's fields to every line", () => {
    const { log, lines } = setUp();
    log.child({ shard: "a" }).child({ requestId: "b" }).info("asked");
    expect(lines).toEqual([{ level: 30, time: 1_800, shard: "a", requestId: "b", msg: "asked" }]);
  });

  it("tells an error with its reasons and where it happened", () => {
    const { log, lines } = setUp();
    log.error("bus.failed", { error: new TypeError("no way", { cause: new Error("wall") }) });
    expect(lines[0]?.error).toMatchObject({ type: "TypeError", message: "no way: wall" });
    expect(JSON.stringify(lines[0])).toMatch(/caused by: Error: wall/);
  });
});
