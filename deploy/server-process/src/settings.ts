/** What any runtime can do with settings: nothing here needs Node. */
export {
  type ClusterConfig,
  clusterConfig,
  clusterSettings,
  type RedisConfig,
} from "./cluster-settings.ts";
export { type Environment, parseSettings, type ReadFile, SettingsError } from "./parse-settings.ts";
export * as setting from "./setting.ts";
export { type TicketConfig, ticketConfig, ticketSettings } from "./ticket-settings.ts";
