import { runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { startSignaling } from "./start.ts";

/** Bun and Deno: the same process as on Node, around the server of the runtime itself. */
const serve =
  "Bun" in globalThis ? (await import("./bun.ts")).serveOnBun : (await import("./deno.ts")).serveOnDeno;

await runProcess(readConfig, (config, log) => startSignaling(config, log, serve));
