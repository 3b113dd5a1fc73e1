import { keepCompiled } from "@fairlead/server-process/keep-compiled";

keepCompiled();
const [{ runProcess }, { readConfig }, { startMediaNode }] = await Promise.all([
  import("@fairlead/server-process"),
  import("./config.ts"),
  import("./node/start-media-node.ts"),
]);
await runProcess(readConfig, startMediaNode);
