import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

const SOURCE = `
import { WHIPClient } from "@eyevinn/whip-web-client";
import { WHIPClient as MedoozeWhip } from "whip-whep/whip.js";
import { WHEPClient as MedoozeWhep } from "whip-whep/whep.js";
globalThis.npmClients = { WHIPClient, MedoozeWhip, MedoozeWhep };
`;

export type Site = { url: string; close(): Promise<void> };

/** Somebody's page, of another origin than the cluster, with the clients of WHIP and WHEP that npm has. */
export async function servePage(): Promise<Site> {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "iife",
    logLevel: "error",
  });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer(({ url }, response) => {
    const isScript = url === "/clients.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><script src="/clients.js"></script><body></body>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
