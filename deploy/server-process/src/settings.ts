/** The part of the settings that any runtime can use: nothing here needs Node. */
export { API_KEY_POWERS_FORM, ApiKeyPowers } from "./api-key-powers.ts";
export {
  type ClusterConfig,
  clusterConfig,
  clusterSettings,
  type RedisConfig,
} from "./cluster-settings.ts";
export { unknownVariables } from "./known-variables.ts";
export { type Environment, parseSettings, type ReadFile, SettingsError } from "./parse-settings.ts";
export { pipeSettings } from "./pipe-settings.ts";
export { type RatesConfig, rateSettings, ratesConfig } from "./rate-settings.ts";
export * as setting from "./setting.ts";
export { type TicketConfig, ticketConfig, ticketSettings } from "./ticket-settings.ts";
export { VERSION } from "./version.ts";
