/**
 * An image's health check: `is-alive.ts HTTP PATH` ends with 0 if this container's own process answers 200 at PATH, where
 * FAIRLEAD_HTTP_HOST and FAIRLEAD_HTTP_PORT say; with an empty word in place of HTTP, where FAIRLEAD_HOST and FAIRLEAD_PORT do.
 */
const [name = "", path = "/"] = process.argv.slice(2);
const prefix = name === "" ? "FAIRLEAD" : `FAIRLEAD_${name}`;
const { [`${prefix}_HOST`]: given = "", [`${prefix}_PORT`]: port = "3000" } = process.env;
const host = ["", "0.0.0.0", "::"].includes(given) ? "127.0.0.1" : given;
const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
const isAlive = await fetch(url, { signal: AbortSignal.timeout(9_000) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isAlive ? 0 : 1);
