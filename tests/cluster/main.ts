/** `npm run cluster`: a whole cluster on this machine, to open in a browser and to break by hand. */
import { sendCommand } from "./control-socket.ts";
import { readArguments, USAGE } from "./read-arguments.ts";

try {
  const asked = readArguments(process.argv.slice(2));
  if (asked.kind === "help") console.log(USAGE);
  else if (asked.kind === "command") process.stdout.write(await sendCommand(asked.line));
  // Only now: all of Fairlead takes a second to load, which a command to another process need not wait for.
  else await (await import("./run-cluster.ts")).runCluster(asked);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
