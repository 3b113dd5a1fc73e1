import { type CommandEnvelope, FairleadError, FRAME_LIMIT } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CommandSender, GIVE_UP_AFTER_MS, RESEND_AFTER_MS } from "./command-sender.ts";

let sent: CommandEnvelope[];
let sender: CommandSender;
const sentIds = () => sent.map(({ id }) => id);

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  sender = new CommandSender((command) => void sent.push(command));
  sender.goLive();
});
afterEach(() => {
  sender.close(new FairleadError("session_left"));
  vi.useRealTimers();
});

describe("CommandSender", () => {
  it("sends an unanswered command again under its id, and not after the answer", async () => {
    const reply = sender.request("producer.pause", {});
    await vi.advanceTimersByTimeAsync(RESEND_AFTER_MS);
    expect(sentIds()).toEqual([1, 1]);
    sender.handleReply({ type: "reply", id: 1, ok: true, data: "done" });
    expect(await reply).toBe("done");
    await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS);
    expect(sentIds()).toEqual([1, 1]);
  });

  it("gives up with node_timeout, and tells the node to wait for it no longer", async () => {
    const outcome = sender.request("producer.pause", {}).catch((error) => error.code);
    await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS);
    expect(await outcome).toBe("node_timeout");
    void sender.request("producer.resume", {}).catch(() => {});
    expect(sent.at(-1)).toMatchObject({ id: 2, settledBelow: 2 });
  });

  it("does not count the time without a socket, and sends everything again on the next one", async () => {
    const outcome = sender.request("producer.pause", {});
    void sender.request("producer.resume", {}).catch(() => {});
    await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS - 500);
    sender.goAway();
    sent = [];
    await vi.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS * 10);
    expect(sentIds()).toEqual([]);
    sender.goLive();
    expect(sentIds()).toEqual([1, 2]);
    sender.handleReply({ type: "reply", id: 1, ok: true, data: {} });
    await expect(outcome).resolves.toEqual({});
  });

  it("holds what is asked without a socket until there is one", () => {
    sender.goAway();
    void sender.request("producer.pause", {}).catch(() => {});
    expect(sent).toEqual([]);
    sender.goLive();
    expect(sentIds()).toEqual([1]);
  });

  it("refuses what no frame takes, and sends the rest", async () => {
    const reason = "x".repeat(FRAME_LIMIT);
    await expect(sender.request("peer.remove", { reason })).rejects.toMatchObject({
      code: "frame_too_large",
    });
    void sender.request("peer.remove", { reason: "x".repeat(FRAME_LIMIT - 300) }).catch(() => {});
    expect(sentIds()).toEqual([1]);
    expect(JSON.stringify({ type: "command", ...sent[0] }).length).toBeLessThanOrEqual(FRAME_LIMIT);
  });

  it("fails everything when the session ends, also what comes later", async () => {
    const before = sender.request("producer.pause", {}).catch((error) => error.code);
    sender.close(new FairleadError("room_moved"));
    expect(await before).toBe("room_moved");
    await expect(sender.request("producer.pause", {})).rejects.toMatchObject({ code: "room_moved" });
  });
});
