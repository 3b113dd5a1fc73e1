import { readFileSync } from "node:fs";
import type { ReadFile } from "./parse-settings.ts";

/** For settings that name files. */
export const readFile: ReadFile = (path) => readFileSync(path, "utf8");
