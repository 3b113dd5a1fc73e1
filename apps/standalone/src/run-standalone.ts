import { provideWorker, showProgress } from "@fairlead/mediasoup-worker";
import { createPinoLogger } from "@fairlead/telemetry/pino";
import { type Config, readConfig, USAGE } from "./config.ts";
import { type Standalone, startStandalone } from "./standalone.ts";

/** The process that `npm start` starts: it reads its settings, starts, says where it is reached, and ends by a signal. */
export async function runStandalone(): Promise<void> {
  try {
    const config = await readConfig();
    if (config === "help") console.log(USAGE);
    else await run(config);
  } catch (error) {
    console.error(explain(error));
    process.exit(1);
  }
}

async function run(config: Config): Promise<void> {
  const log = createPinoLogger({ level: config.logLevel, isPretty: process.stdout.isTTY === true });
  for (const variable of config.unknownVariables) log.warn("settings.unknown_variable", { variable });
  const { bin } = await provideWorker({ onProgress: showProgress(process.stderr) });
  const standalone = await startStandalone(config, bin, log);
  console.log(greeting(standalone, config));
  const stop = async () => {
    await standalone.close();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function greeting(
  { url, lanUrls, apiKey, rtmp }: Standalone,
  { isHttps, isLan, apiKey: givenKey }: Config,
): string {
  const missing = [
    ...(isHttps ? [] : ["--https (their cameras need it)"]),
    ...(isLan ? [] : ["--lan (so that they get tickets)"]),
  ];
  const others =
    lanUrls.length > 0
      ? `Other devices: ${lanUrls.join("  ")}`
      : "Other devices: this machine has no LAN address";
  return [
    `Fairlead is ready: ${url}`,
    missing.length > 0 ? `${others}, after a start with ${missing.join(" and ")}` : others,
    `Broadcasts: ${url}/studio; ${sayRtmp(rtmp)}`,
    `API: ${url}/v1/docs, with the API key ${givenKey ? "of FAIRLEAD_API_KEY" : apiKey}`,
  ].join("\n");
}

function sayRtmp({ url, note }: Standalone["rtmp"]): string {
  if (url === null) return `not by RTMP, as ${note}`;
  return `from OBS and ffmpeg by RTMP at ${url}${note === null ? "" : `, as ${note}`}`;
}

/** A user's mistake is printed as a sentence; any other error with its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE")
    return `${error.message}: choose another port with: npm start -- --port N`;
  return error.message.startsWith("The ") || "code" in error ? error.message : (error.stack ?? error.message);
}
