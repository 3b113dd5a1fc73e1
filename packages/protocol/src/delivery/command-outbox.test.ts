import { describe, expect, it } from "vitest";
import { COMMAND_WINDOW } from "../commands.ts";
import { FairleadError } from "../errors.ts";
import { CommandOutbox } from "./command-outbox.ts";

const refusal = (code: string) => expect.objectContaining({ name: "FairleadError", code });

describe("a command outbox", () => {
  it("keeps commands in order until they are answered", async () => {
    const outbox = new CommandOutbox();
    const [first, second] = [outbox.add("a", 1), outbox.add("b", 2)];
    outbox.settle({ type: "reply", id: 1, ok: true, data: "done" });
    expect(await first.reply).toBe("done");
    expect(outbox.unanswered()).toEqual([{ id: 2, settledBelow: 2, name: "b", data: 2 }]);
    expect(outbox.envelope(first.id)).toBeUndefined();
    const error = { code: "grant_missing" as const, message: "no" };
    outbox.settle({ type: "reply", id: second.id, ok: false, error });
    await expect(second.reply).rejects.toEqual(refusal("grant_missing"));
    expect(outbox.size).toBe(0);
  });

  it("tells with each sending what is settled by then", () => {
    const outbox = new CommandOutbox();
    for (const name of ["a", "b", "c"]) outbox.add(name, {}).reply.catch(() => {});
    outbox.giveUp(1, new FairleadError("node_timeout"));
    expect(outbox.envelope(3)?.settledBelow).toBe(2);
    outbox.giveUp(2, new FairleadError("node_timeout"));
    expect(outbox.envelope(3)?.settledBelow).toBe(3);
  });

  it("ignores a second reply, and one that nobody waits for", async () => {
    const outbox = new CommandOutbox();
    const { id, reply } = outbox.add("a", {});
    for (const data of ["first", "second"]) outbox.settle({ type: "reply", id, ok: true, data });
    outbox.settle({ type: "reply", id: 99, ok: true, data: {} });
    expect(await reply).toBe("first");
  });

  it("refuses one command more than its window with command_window_exceeded", () => {
    const outbox = new CommandOutbox();
    for (let count = 0; count < COMMAND_WINDOW; count += 1) outbox.add("a", {});
    expect(() => outbox.add("a", {})).toThrow(refusal("command_window_exceeded"));
    outbox.settle({ type: "reply", id: 1, ok: true, data: {} });
    expect(outbox.add("a", {}).id).toBe(COMMAND_WINDOW + 1);
  });

  it("gives everything up when the session is over", async () => {
    const outbox = new CommandOutbox();
    const replies = [outbox.add("a", {}).reply, outbox.add("b", {}).reply];
    outbox.giveUpAll(new FairleadError("session_gone"));
    for (const reply of replies) await expect(reply).rejects.toEqual(refusal("session_gone"));
  });
});
