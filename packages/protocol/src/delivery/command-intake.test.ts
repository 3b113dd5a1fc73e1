import { describe, expect, it } from "vitest";
import { COMMAND_WINDOW, type CommandEnvelope } from "../commands.ts";
import { CommandIntake } from "./command-intake.ts";

const command = (id: number, settledBelow = 1): CommandEnvelope => ({
  id,
  settledBelow,
  name: "do",
  data: {},
});
const refusal = (code: string) => expect.objectContaining({ name: "FairleadError", code });

function makeIntake() {
  const acted: number[] = [];
  const intake = new CommandIntake(async ({ id }) => `reply ${acted.push(id)}`);
  return { acted, intake };
}

describe("a command intake", () => {
  it("answers a repeated command with the first reply", async () => {
    const { acted, intake } = makeIntake();
    const replies = await Promise.all([intake.receive(command(1)), intake.receive(command(1))]);
    expect([...replies, await intake.receive(command(1))]).toEqual(["reply 1", "reply 1", "reply 1"]);
    expect(acted).toEqual([1]);
  });

  it("holds a command until those before it have come", async () => {
    const { acted, intake } = makeIntake();
    const second = intake.receive(command(2));
    expect(acted).toEqual([]);
    await intake.receive(command(1));
    expect([await second, acted]).toEqual(["reply 2", [1, 2]]);
  });

  it("refuses a held command with command_stale once its client has given it up, and goes on after it", async () => {
    const { acted, intake } = makeIntake();
    const held = intake.receive(command(2));
    expect(await intake.receive(command(3, 3))).toBe("reply 1");
    await expect(held).rejects.toEqual(refusal("command_stale"));
    expect(acted).toEqual([3]);
  });

  it("forgets the replies that its client has, and refuses their copies with command_stale", async () => {
    const { acted, intake } = makeIntake();
    for (const id of [1, 2, 3]) await intake.receive(command(id));
    expect(intake.size).toBe(3);
    await intake.receive(command(4, 4));
    expect(intake.size).toBe(1);
    await expect(intake.receive(command(2))).rejects.toEqual(refusal("command_stale"));
    expect([acted, intake.size]).toEqual([[1, 2, 3, 4], 1]);
  });

  it("keeps at most its window: what is further ahead is refused with command_window_exceeded", async () => {
    const { intake } = makeIntake();
    for (let id = 2; id <= COMMAND_WINDOW; id += 1) void intake.receive(command(id));
    const ahead = intake.receive(command(COMMAND_WINDOW + 1));
    await expect(ahead).rejects.toEqual(refusal("command_window_exceeded"));
    expect(intake.size).toBe(COMMAND_WINDOW - 1);
  });

  it("hands a bug in acting on to each who asks", async () => {
    const intake = new CommandIntake(() => Promise.reject(new Error("bug")));
    for (const copy of [1, 1]) await expect(intake.receive(command(copy))).rejects.toThrow("bug");
  });
});
