import { keepCompiled } from "@fairlead/server-process/keep-compiled";

keepCompiled();
const [{ runProcess }, { readConfig }, { startAutoscaler }] = await Promise.all([
  import("@fairlead/server-process"),
  import("./config.ts"),
  import("./start-autoscaler.ts"),
]);
await runProcess(readConfig, startAutoscaler);
