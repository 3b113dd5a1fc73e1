import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type KeySet, publicJwks } from "@fairlead/tickets";

export type JwksServer = {
  url: string;
  /** Publishes the public keys of these from now on. */
  publish(...keySets: KeySet[]): void;
  /** From now on it ends every connection, or no more. */
  setDown(isDown: boolean): void;
  /** How many requests were answered. */
  answers(): number;
  close(): Promise<void>;
};

/** An app's back end that publishes its public keys, on a free port. */
export async function startJwksServer(...keySets: KeySet[]): Promise<JwksServer> {
  let published = keySets;
  let isDown = false;
  let answers = 0;
  const server = createServer((request, response) => {
    response.once("finish", () => {
      answers += 1;
    });
    if (isDown) request.socket.destroy();
    else response.end(JSON.stringify({ keys: published.flatMap((keySet) => publicJwks(keySet).keys) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    publish: (...next) => {
      published = next;
    },
    setDown: (down) => {
      isDown = down;
      if (down) server.closeAllConnections();
    },
    answers: () => answers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
