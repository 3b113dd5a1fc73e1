import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { gatherWrites } from "./gather-writes.ts";

/** Both ends of a connection. Each call that writes at the near end is noted. */
async function connectedPair() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [far] = (await once(server, "connection")) as [Socket];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  const calls: string[] = [];
  const { _write, _writev } = near;
  near._write = (chunk, ...rest) => {
    calls.push(String(chunk));
    _write.call(near, chunk, ...rest);
  };
  near._writev = (chunks, done) => {
    calls.push(chunks.map(({ chunk }) => String(chunk)).join(""));
    _writev?.call(near, chunks, done);
  };
  return { near, far, calls };
}

describe("gathered writes", () => {
  it("of one turn leave together, in order, and the next turn's after them", async () => {
    const { near, far, calls } = await connectedPair();
    gatherWrites(near);
    for (const text of ["a", "b", "c"]) near.write(text);
    await new Promise((resolve) => setImmediate(resolve));
    near.write("d");
    near.end("e");
    let received = "";
    for await (const chunk of far) received += chunk;
    expect(received).toBe("abcde");
    expect(calls).toEqual(["abc", "de"]);
  });
});
