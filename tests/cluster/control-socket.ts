import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** Where the cluster that runs listens for commands of other shells: of this user only. */
const PATH = join(tmpdir(), `fairlead-cluster-${userInfo().uid}.sock`);

/**
 * Takes commands from other shells, one a connection.
 * @throws {Error} Another cluster takes them.
 */
export async function listenForCommands(run: (line: string) => Promise<string>): Promise<() => void> {
  if (await isAnswered())
    throw new Error("Another cluster runs already: stop it first (Ctrl-C in its shell).");
  rmSync(PATH, { force: true });
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on("error", () => {});
    socket.end(`${await run(await text(socket))}\n`);
  });
  server.listen(PATH);
  await once(server, "listening");
  return () => server.close();
}

/** @throws {Error} No cluster runs. */
export async function sendCommand(line: string): Promise<string> {
  const socket = connect(PATH);
  try {
    await once(socket, "connect");
  } catch {
    throw new Error("No cluster runs here: start one with `npm run cluster`.");
  }
  socket.end(line);
  return text(socket);
}

async function isAnswered(): Promise<boolean> {
  const socket = connect(PATH);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
