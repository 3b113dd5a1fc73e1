import { readFile, runProcess } from "@fairlead/server-process";
import { readConfig } from "./config.ts";
import { startSignaling } from "./start.ts";

await runProcess(() => readConfig(process.env, readFile), startSignaling);
