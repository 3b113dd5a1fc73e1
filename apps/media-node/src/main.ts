import { runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { startMediaNode } from "./start.ts";

await runProcess(readConfig, startMediaNode);
