import { keepCompiled } from "@fairlead/server-process/keep-compiled";

keepCompiled();
const [{ runProcess }, { readConfig }, { startLive }] = await Promise.all([
  import("@fairlead/server-process"),
  import("./config.ts"),
  import("./start-live.ts"),
]);
await runProcess(readConfig, startLive);
