import { runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { startSignaling } from "./start.ts";

await runProcess(readConfig, startSignaling);
