import { EventEmitter } from "node:events";
import { FairleadError } from "@fairlead/protocol";
import { expect, it } from "vitest";
import type { PeerTransports } from "../media/transports.ts";
import { DataSender } from "./data-sender.ts";

const text = (bytes: number) => "é".repeat(bytes / 2);

function makeProducer(id: string) {
  const observer = new EventEmitter();
  const sent: unknown[] = [];
  const send = (data: unknown) => {
    if (data === "too fast") throw new DOMException("queue is full", "OperationError");
    sent.push(data);
  };
  const producer = { id, observer, closed: false, readyState: "open", sent, send, bufferedAmount: 7 };
  return Object.assign(producer, {
    close: () => {
      producer.closed = true;
      observer.emit("close");
    },
  });
}

/** Opens one producer for each label, at once but for `slow`, which never opens. */
function makeSender(more: Partial<ConstructorParameters<typeof DataSender>[0]> = {}) {
  const opened: ReturnType<typeof makeProducer>[] = [];
  const produceData = ({ label }: { label: string }) => {
    if (opened.length === 8) return Promise.reject(new FairleadError("producer_limit"));
    if (label === "slow") return new Promise(() => {});
    const producer = makeProducer(`${label}-${opened.length}`);
    opened.push(producer);
    return Promise.resolve(producer);
  };
  const transports = { produceData } as unknown as PeerTransports;
  const command = () => Promise.reject(new FairleadError("unknown_command"));
  const room = { command, peers: new Map(), isAtNode: () => true, mayWrite: false, confirms: false };
  return { opened, sender: new DataSender({ transports, ...room, ...more }) };
}

it("a thousand messages leave one listener on their channel", async () => {
  const { opened, sender } = makeSender();
  for (let sent = 0; sent < 1_000; sent += 1) await sender.send("x", {});
  expect(opened.map(({ observer }) => observer.listenerCount("close"))).toEqual([1]);
});

it("a channel that the node closed is left at once, though another one is still opening", async () => {
  const { opened, sender } = makeSender();
  await sender.send("x", {});
  void sender.send("x", { label: "slow" });
  sender.handleClosed("data-0");
  await new Promise((resolve) => setTimeout(resolve));
  expect(opened[0]?.closed).toBe(true);
  await sender.send("x", {});
  expect(opened).toHaveLength(2);
});

it("a message has at most 262,144 bytes, and a label 128 characters", async () => {
  const { opened, sender } = makeSender();
  await sender.send(text(262_144), {});
  await expect(sender.send(text(262_146), {})).rejects.toMatchObject({
    code: "data_too_large",
    message: expect.stringContaining("262146 bytes"),
  });
  await expect(sender.send(new Uint8Array(262_145), {})).rejects.toMatchObject({ code: "data_too_large" });
  await expect(sender.send("x", { label: "x".repeat(129) })).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(opened).toHaveLength(1);
  expect(opened[0]?.sent).toHaveLength(1);
});

it("one channel too many is refused by a code of its own", async () => {
  const { sender } = makeSender();
  for (let label = 0; label < 8; label += 1) await sender.send("x", { label: `${label}` });
  await expect(sender.send("x", { label: "8" })).rejects.toMatchObject({ code: "data_channel_limit" });
  await sender.send("x", { label: "7" });
});

it("a browser that takes no more for now is told as such, and the bytes that wait can be read", async () => {
  const { sender } = makeSender();
  expect(sender.bufferedAmount({})).toBe(0);
  await expect(sender.send("too fast", {})).rejects.toMatchObject({ code: "data_buffer_full" });
  expect([sender.bufferedAmount({}), sender.bufferedAmount({ reliable: false })]).toEqual([7, 0]);
});

it("while some are on their way after a move, what waits for nobody goes by the former place's open channel", async () => {
  const former = makeSender();
  await former.sender.send("before", { reliable: false });
  let areAllBack = false;
  const { opened, sender } = makeSender({ former: former.sender, areAllBack: () => areAllBack });
  await sender.send("lossy", { reliable: false });
  await sender.send("reliable", {});
  await sender.send("new label", { reliable: false, label: "new" });
  expect(former.opened.map(({ sent }) => sent)).toEqual([["before", "lossy"]]);
  expect(opened.map(({ sent }) => sent)).toEqual([[], ["reliable"], ["new label"]]);
  areAllBack = true;
  await sender.send("later", { reliable: false });
  expect(opened[0]?.sent).toEqual(["later"]);
});

it("a place that the room has left as well keeps none before it", async () => {
  const first = makeSender();
  await first.sender.send("before", { reliable: false });
  const second = makeSender({ former: first.sender, areAllBack: () => false });
  second.sender.close();
  await second.sender.send("lossy", { reliable: false });
  expect([first.opened[0]?.sent, second.opened[0]?.sent]).toEqual([["before"], ["lossy"]]);
});

it("a former place that has ended is not sent to", async () => {
  const former = makeSender();
  await former.sender.send("before", { reliable: false });
  const { opened, sender } = makeSender({ former: former.sender, areAllBack: () => false });
  former.opened[0]?.close();
  await sender.send("lossy", { reliable: false });
  expect([former.opened[0]?.sent, opened[0]?.sent]).toEqual([["before"], ["lossy"]]);
});
