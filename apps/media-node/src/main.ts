import { runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { startMediaNode } from "./node/start-media-node.ts";

await runProcess(readConfig, startMediaNode);
