import { runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { serveSignaling } from "./node.ts";
import { startSignaling } from "./start.ts";

/** Node. */
await runProcess(readConfig, (config, log) => startSignaling(config, log, serveSignaling));
