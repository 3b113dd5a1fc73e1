import { keepCompiled } from "@fairlead/server-process/keep-compiled";

/** Node. */
keepCompiled();
const [{ runProcess }, { readConfig }, { serveSignaling }, { startSignaling }] = await Promise.all([
  import("@fairlead/server-process"),
  import("./config.ts"),
  import("./node.ts"),
  import("./start.ts"),
]);
await runProcess(readConfig, (config, log) => startSignaling(config, log, serveSignaling));
