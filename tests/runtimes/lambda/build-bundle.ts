import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Once for all tests of runtimes: their Lambda functions run the file that is deployed, as `npm run build:lambda` makes it. */
export function setup(): void {
  const root = join(import.meta.dirname, "../../..");
  execFileSync("npm", ["run", "--silent", "build:lambda"], { cwd: root, stdio: "pipe" });
}
