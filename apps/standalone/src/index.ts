export type { Config } from "./config.ts";
export { addDemoRoutes, type DemoOptions } from "./demo-routes.ts";
export { type Standalone, startStandalone } from "./standalone.ts";
export { addWebPage } from "./web-page.ts";
