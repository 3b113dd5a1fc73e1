import { EventEmitter } from "node:events";
import { type CommandReply, FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { SendCommand } from "../connection/session.ts";
import { ReliableChannel } from "./reliable-channel.ts";

type Answer = CommandReply<"data_producer.await">;
type Question = { messages: number; isHeld: boolean; joinedBeforeMs: number };

/** A channel in a room of such peers, whose node answers when the test says so. */
function setUp(...names: string[]) {
  const peers = new Map(names.map((name, index) => [name, { identity: name, joinedAtMs: index + 1 }]));
  /** Peers that are not back yet after a move. */
  const absent = new Set<string>();
  const sent: unknown[] = [];
  const observer = new EventEmitter();
  /** The browser holds what it takes, until the test says otherwise. */
  const buffer = { bufferedAmount: 0 };
  const send = (data: string) => {
    sent.push(data);
    buffer.bufferedAmount += data.length;
  };
  const producer = Object.assign(buffer, { id: "p", observer, send }) as unknown as types.DataProducer;
  const questions: Question[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const failures: ((error: FairleadError) => void)[] = [];
  const command = (_: string, question: Question) => {
    questions.push(question);
    return new Promise<Answer>((resolve, reject) => {
      answers.push(resolve);
      failures.push(reject);
    });
  };
  const channel = new ReliableChannel({
    producer,
    peers,
    isAtNode: (peerId) => peers.has(peerId) && !absent.has(peerId),
    command: command as unknown as SendCommand,
  });
  /** @returns How it ends: `pending`, `ok`, or the error's code with the peers that it names. */
  const say = (text: string) => {
    const outcome = { is: "pending" };
    channel.send({ payload: text, bytes: text.length, targets: new Set(peers.keys()) }).then(
      () => {
        outcome.is = "ok";
      },
      ({ code, detail }: FairleadError) => {
        outcome.is = [code, ...((detail?.peerIds as string[]) ?? [])].join(" ");
      },
    );
    return outcome;
  };
  /** Answers the oldest question. */
  const answer = async (given: Partial<Answer> = {}) => {
    const messages = questions.at(-1)?.messages ?? 0;
    answers.shift()?.({ messages, waiting: [], missed: [], ...given });
    failures.shift();
    await vi.advanceTimersByTimeAsync(0);
  };
  const fail = async (error: FairleadError) => {
    failures.shift()?.(error);
    answers.shift();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { channel, peers, absent, buffer, sent, questions, answers, observer, say, answer, fail };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("a message is held until all who were in the room at its call hear the channel, then sent, then settled", async () => {
  const { sent, questions, say, answer } = setUp("ann", "bob");
  const outcome = say("hello");
  expect(questions).toEqual([{ dataProducerId: "p", messages: 0, isHeld: true, joinedBeforeMs: 2 }]);
  await answer({ waiting: ["bob"] });
  expect([sent, outcome.is]).toEqual([[], "pending"]);
  await vi.advanceTimersByTimeAsync(100);
  await answer({ missed: ["ann", "bob"] });
  expect([sent, outcome.is]).toEqual([["hello"], "pending"]);
  expect(questions.at(-1)).toMatchObject({ messages: 1, isHeld: false });
  await answer();
  expect(outcome.is).toBe("ok");
});

it("messages to those who hear the channel are sent at once, and settled together", async () => {
  const { sent, questions, say, answer } = setUp("ann");
  say("first");
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  const asked = questions.length;
  const outcomes = ["a", "b", "c"].map(say);
  expect(sent).toEqual(["first", "a", "b", "c"]);
  await answer({ messages: 2 });
  expect(outcomes.map(({ is }) => is)).toEqual(["ok", "pending", "pending"]);
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  expect([outcomes.map(({ is }) => is), questions.length - asked]).toEqual([["ok", "ok", "ok"], 2]);
});

it("a newcomer is waited for, and later messages wait behind the first", async () => {
  const { peers, sent, say, answer } = setUp("ann");
  say("first");
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  peers.set("bob", { identity: "bob", joinedAtMs: 9 });
  for (const text of ["to both", "next"]) say(text);
  expect(sent).toEqual(["first"]);
  await answer({ missed: ["bob"] });
  expect(sent).toEqual(["first", "to both", "next"]);
});

it("a peer that never hears holds messages for five seconds once; its sender is told each time, and the others have them", async () => {
  const { sent, say, answer } = setUp("ann", "bob");
  const first = say("first");
  for (let second = 0; second < 5; second += 1) {
    await answer({ waiting: ["bob"] });
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await answer({ waiting: ["bob"] });
  expect(sent).toEqual(["first"]);
  const second = say("second");
  expect(sent).toEqual(["first", "second"]);
  await vi.advanceTimersByTimeAsync(100);
  await answer({ messages: 2, waiting: ["bob"] });
  expect([first.is, second.is]).toEqual(["data_undelivered bob", "data_undelivered bob"]);
});

it("a peer that leaves is neither waited for nor missed", async () => {
  const { peers, sent, say, answer } = setUp("ann", "bob");
  const outcome = say("hello");
  await answer({ waiting: ["bob"] });
  peers.delete("bob");
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  expect(sent).toEqual(["hello"]);
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  expect(outcome.is).toBe("ok");
});

it("the sender is told of peers that came back, or took too much, while its message was on its way", async () => {
  const { say, answer } = setUp("ann", "bob");
  const outcome = say("hello");
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  await answer({ missed: ["ann"], waiting: ["bob"] });
  expect(outcome.is).toBe("data_undelivered bob ann");
});

it("where the node names as many as an answer holds, the others count as missed too", async () => {
  const { say, answer } = setUp("ann", "bob");
  const outcome = say("hello");
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  await answer({ missed: Array.from({ length: 50 }, (_, index) => `p${index}`) });
  expect(outcome.is).toBe("data_undelivered ann bob");
});

it("a peer that is not back after a move is waited for, and missed after five seconds, though the node does not know it", async () => {
  const { absent, sent, questions, say, answer } = setUp("ann", "bob", "cleo");
  for (const name of ["bob", "cleo"]) absent.add(name);
  const outcome = say("hello");
  expect(questions[0]?.joinedBeforeMs).toBe(1);
  absent.delete("bob");
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  expect(questions[1]?.joinedBeforeMs).toBe(2);
  for (let second = 0; second < 5; second += 1) {
    expect(sent).toEqual([]);
    await answer();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await answer();
  expect(sent).toEqual(["hello"]);
  await answer();
  expect(outcome.is).toBe("data_undelivered cleo");
});

it("a peer that comes back while the node answers is not taken to hear: the question was not about it", async () => {
  const { absent, sent, say, answer } = setUp("ann", "bob");
  absent.add("bob");
  say("hello");
  absent.delete("bob");
  await answer();
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  expect(sent).toEqual(["hello"]);
});

it("an identity that joins again and again without hearing holds messages for five seconds in all, until it hears", async () => {
  const { peers, sent, say, answer } = setUp("ann");
  const rejoin = (peerId: string) => {
    for (const id of [...peers.keys()].filter((id) => id !== "ann")) peers.delete(id);
    peers.set(peerId, { identity: "bob", joinedAtMs: 9 });
  };
  for (const peerId of ["b1", "b2", "b3"]) {
    rejoin(peerId);
    say(peerId);
    await answer({ waiting: [peerId] });
    await vi.advanceTimersByTimeAsync(2_000);
    await answer({ waiting: [peerId] });
    await vi.advanceTimersByTimeAsync(100);
  }
  rejoin("b4");
  const atOnce = say("b4");
  expect(sent).toEqual(["b1", "b2", "b3", "b4"]);
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  expect(atOnce.is).toBe("data_undelivered b4");
  rejoin("b5");
  say("b5");
  expect(sent).not.toContain("b5");
});

it("a question is about the peers of all messages that wait, and comes after a pause where an answer changes nothing", async () => {
  const { peers, questions, say, answer } = setUp("ann", "bob");
  say("to both");
  peers.delete("bob");
  say("to one");
  peers.set("bob", { identity: "bob", joinedAtMs: 9 });
  await answer({ waiting: ["bob"] });
  expect(questions).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(questions.at(-1)).toMatchObject({ isHeld: true, joinedBeforeMs: 9 });
});

it("a question that finds no answer for now is asked again, and fails nothing", async () => {
  const { questions, say, answer, fail } = setUp("ann");
  const outcome = say("hello");
  await fail(new FairleadError("command_window_exceeded"));
  expect(questions).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  await vi.advanceTimersByTimeAsync(20_000);
  await fail(new FairleadError("node_timeout"));
  expect(outcome.is).toBe("pending");
  await vi.advanceTimersByTimeAsync(100);
  await answer();
  expect(outcome.is).toBe("ok");
});

it("messages behind a long backlog are awaited as long as it gets shorter, at the node or in the browser", async () => {
  const { buffer, say, answer } = setUp("ann");
  const outcomes = ["a", "b", "c"].map(say);
  await answer();
  await vi.advanceTimersByTimeAsync(9_000);
  await answer({ messages: 1 });
  await vi.advanceTimersByTimeAsync(9_000);
  buffer.bufferedAmount -= 1;
  await answer({ messages: 1 });
  await vi.advanceTimersByTimeAsync(9_000);
  await answer({ messages: 1 });
  expect(outcomes.map(({ is }) => is)).toEqual(["ok", "pending", "pending"]);
  await vi.advanceTimersByTimeAsync(1_001);
  await answer({ messages: 1 });
  const late = "data_undelivered ann";
  expect(outcomes.map(({ is }) => is)).toEqual(["ok", late, late]);
});

it("a message that the node has not had after ten seconds is told to its sender", async () => {
  const { say, answer } = setUp("ann");
  const outcome = say("hello");
  await answer();
  await vi.advanceTimersByTimeAsync(10_000);
  await answer({ messages: 0 });
  expect(outcome.is).toBe("pending");
  await vi.advanceTimersByTimeAsync(101);
  await answer({ messages: 0 });
  expect(outcome.is).toBe("data_undelivered ann");
});

it("what is held or on its way when the session ends, or the channel, is told to its sender", async () => {
  const { say, answer, fail, observer } = setUp("ann");
  const onItsWay = say("first");
  await answer();
  await vi.advanceTimersByTimeAsync(100);
  await fail(new FairleadError("room_moved"));
  const held = say("second");
  observer.emit("close");
  await vi.advanceTimersByTimeAsync(0);
  expect([onItsWay.is, held.is]).toEqual(["room_moved", "room_moved"]);
});

it("over signaling of an older build, which does not know the question, messages are sent as they were before", async () => {
  const { sent, say, fail } = setUp("ann");
  const outcome = say("hello");
  for (let question = 0; question < 2; question += 1) await fail(new FairleadError("unknown_command"));
  expect([sent, outcome.is]).toEqual([["hello"], "ok"]);
});

it("held messages count, and one that would be too much is refused", async () => {
  const { channel, say } = setUp("ann");
  say("x".repeat(16_777_217));
  expect(channel.heldBytes).toBe(16_777_217);
  const refused = say("x");
  await vi.advanceTimersByTimeAsync(0);
  expect(refused.is).toBe("data_buffer_full");
});
