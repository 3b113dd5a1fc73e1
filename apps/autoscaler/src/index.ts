export type { NodeDriver, NodeInstance } from "./drivers/node-driver.ts";
