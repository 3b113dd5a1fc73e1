/**
 * An image's health check: `is-alive.ts PATH` ends with 0 if this container's own process answers 200 there. Signaling answers at
 * FAIRLEAD_PORT, all others at FAIRLEAD_HTTP_PORT.
 */
const { FAIRLEAD_HTTP_PORT, FAIRLEAD_PORT = "3000" } = process.env;
const url = `http://127.0.0.1:${FAIRLEAD_HTTP_PORT ?? FAIRLEAD_PORT}${process.argv[2]}`;
const isAlive = await fetch(url, { signal: AbortSignal.timeout(9_000) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isAlive ? 0 : 1);
